import { iban, Random, withLuhn } from "./random.ts";

/** A text and the secret in it that must not be left. */
export interface Example {
  shape: string;
  text: string;
  secret: string;
}

type Make = (random: Random) => [text: string, secret: string];

/** Around a credential that is known by its own looks. */
const around = [
  (secret: string) => secret,
  (secret: string) => `request failed: upstream said 401 for ${secret}, giving up`,
  (secret: string) => `2026-11-23T10:00:01Z WARN client=${secret} retry=3`,
  (secret: string) => `{"level":"info","msg":"using ${secret}","n":1}`,
  (secret: string) => `    at connect (client.js:10:3) // ${secret}\n    at main (index.js:1:1)`,
  (secret: string) => `Hallo, ich habe ${secret} benutzt. Danke!`,
  (secret: string) => `export THING='${secret}'`,
  (secret: string) => `[${secret}]`,
];

function standing(make: (random: Random) => string): Make {
  return (random) => {
    const secret = make(random);
    return [random.pick(around)(secret), secret];
  };
}

/** A password or token that only its context gives away. */
function inContext(
  contexts: readonly ((secret: string) => string)[],
  make = (random: Random) => random.password(),
): Make {
  return (random) => {
    const secret = make(random);
    return [random.pick(contexts)(secret), secret];
  };
}

const part = (random: Random) =>
  Buffer.from(JSON.stringify({ sub: random.digits(6), iat: 1_700_000_000 + random.below(9_999) })).toString(
    "base64url",
  );
const pem = (random: Random, kind: string, lineEnd: string) => {
  const body = Array.from({ length: 6 }, () => random.base64(64)).join(lineEnd);
  return { body, text: `-----BEGIN ${kind}-----${lineEnd}${body}${lineEnd}-----END ${kind}-----` };
};

const shapes: Readonly<Record<string, Make>> = {
  "aws access key": standing((r) => r.pick(["AKIA", "ASIA"]) + r.upper(16)),
  "aws secret key in context": inContext(
    [
      (s) => `aws_secret_access_key = ${s}`,
      (s) => `AWS_SECRET_ACCESS_KEY=${s} terraform apply`,
      (s) => `{"secretAccessKey": "${s}", "region": "eu-central-1"}`,
      (s) => `aws configure set key for prod, secret: ${s}`,
    ],
    (r) => r.base64(40),
  ),
  "google api key": standing((r) => `AIza${r.url(35)}`),
  "google client secret": standing((r) => `GOCSPX-${r.url(28)}`),
  "google oauth token": standing((r) => `ya29.a0${r.url(60)}`),
  "github token": standing((r) => `${r.pick(["ghp_", "gho_", "ghu_", "ghs_", "ghr_"])}${r.alnum(36)}`),
  "github fine-grained token": standing((r) => `github_pat_${r.alnum(22)}_${r.alnum(59)}`),
  "gitlab token": standing((r) => `glpat-${r.url(20)}1`),
  "slack token": standing(
    (r) => `xox${r.pick(["b", "p", "a", "s"])}-${r.digits(11)}-${r.digits(11)}-${r.alnum(24)}`,
  ),
  "slack webhook": standing(
    (r) => `https://hooks.slack.com/services/T${r.upper(9)}/B${r.upper(9)}/${r.alnum(24)}`,
  ),
  "stripe key": standing((r) => `${r.pick(["sk", "rk"])}_${r.pick(["live", "test"])}_${r.alnum(24)}`),
  "webhook signing secret": standing((r) => `whsec_${r.base64(32)}`),
  "openai key": standing((r) => r.pick([`sk-${r.alnum(48)}`, `sk-proj-${r.url(60)}`])),
  "anthropic key": standing((r) => `sk-ant-api03-${r.url(90)}`),
  "huggingface token": standing((r) => `hf_${r.alnum(34)}`),
  "npm token": standing((r) => `npm_${r.alnum(36)}`),
  "pypi token": standing((r) => `pypi-AgEIcHlwaS5vcmc${r.url(70)}`),
  "sendgrid key": standing((r) => `SG.${r.url(22)}.${r.url(43)}`),
  "digitalocean token": standing((r) => `dop_v1_${r.hex(64)}`),
  "shopify token": standing((r) => `shpat_${r.hex(32)}`),
  "telegram token": standing((r) => `1${r.digits(9)}:AA${r.url(33)}`),
  "vault token": standing((r) => `hvs.${r.url(40)}`),
  "databricks token": standing((r) => `dapi${r.hex(32)}`),
  "zoho token": standing((r) => `1000.${r.hex(32)}.${r.hex(32)}`),
  "azure client secret": standing((r) => `${r.alnum(3)}8Q~${r.alnum(34)}`),
  jwt: standing((r) => `eyJhbGciOiJIUzI1NiJ9.${part(r)}.${r.url(43)}`),
  "pem private key": (r) => {
    const { body, text } = pem(
      r,
      r.pick([
        "RSA PRIVATE KEY",
        "PRIVATE KEY",
        "EC PRIVATE KEY",
        "OPENSSH PRIVATE KEY",
        "ENCRYPTED PRIVATE KEY",
      ]),
      r.pick(["\n", "\\n", "\r\n"]),
    );
    return [`key file:${r.pick(["\n", " "])}${text}\nend`, body.slice(0, 64)];
  },
  "truncated pem": (r) => {
    const body = r.base64(64);
    return [`-----BEGIN RSA PRIVATE KEY-----\n${body}\n${r.base64(20)}`, body];
  },
  "bearer header": inContext(
    [
      (s) => `Authorization: Bearer ${s}`,
      (s) => `curl -H 'Authorization: Bearer ${s}' https://api.example.com/v1`,
      (s) => `sent header authorization=Bearer ${s} to upstream`,
      (s) => `{"headers":{"authorization":"Bearer ${s}"}}`,
      (s) => `401 for Bearer ${s}`,
    ],
    (r) => r.pick([r.hex(40), r.url(32), r.lower(24)]),
  ),
  "basic header": inContext(
    [
      (s) => `Authorization: Basic ${s}`,
      (s) => `proxy-authorization: Basic ${s}`,
      (s) => `tried Basic ${s} first`,
    ],
    (r) => Buffer.from(`svc-${r.lower(4)}:${r.password()}`).toString("base64"),
  ),
  "desk header": inContext(
    [
      (s) => `authtoken: ${s}`,
      (s) => `Authorization: Zoho-oauthtoken ${s}`,
      (s) => `TECHNICIAN_KEY=${s}&format=json`,
      (s) => `"authtoken":"${s}"`,
    ],
    (r) => r.hex(32).toUpperCase(),
  ),
  "api key header": inContext(
    [
      (s) => `X-Api-Key: ${s}`,
      (s) => `x-api-key=${s}`,
      (s) => `'X-API-KEY': '${s}'`,
      (s) => `apikey: "${s}"`,
      (s) => `api key is ${s}`,
    ],
    (r) => r.lower(32),
  ),
  "cookie header": inContext(
    [
      (s) => `Cookie: theme=dark; session=${s}`,
      (s) => `Set-Cookie: sid=${s}; HttpOnly; Path=/`,
      (s) => `set-cookie: JSESSIONID=${s}; Secure`,
    ],
    (r) => r.hex(32),
  ),
  "url with password": inContext(
    [
      (s) => `postgres://app:${s}@db.internal:5432/shop`,
      (s) => `cannot connect to amqp://worker:${s}@mq:5672/%2f: refused`,
      (s) => `redis://:${s}@cache:6379/0`,
      (s) => `mongodb+srv://admin:${s}@cluster0.example.net/test?retryWrites=true`,
      (s) => `git clone https://ci:${s}@git.example.com/team/repo.git`,
      (s) => `SMTP smtp://mailer:${s}@mail.example.com:587`,
    ],
    (r) => r.password().replace(/[?#]/g, "!"),
  ),
  "query secret": inContext(
    [
      (s) => `GET /cb?access_token=${s}&state=1 HTTP/1.1`,
      (s) => `https://api.example.com/v1/items?api_key=${s}`,
      (s) => `POST /login?user=a&client_secret=${s}#x`,
      (s) => `https://x.blob.core.windows.net/c?sv=2022-11-02&sig=${s}`,
      (s) => `https://b.s3.amazonaws.com/o?X-Amz-Algorithm=AWS4&X-Amz-Signature=${s}`,
    ],
    (r) => r.hex(64),
  ),
  "connection string": inContext(
    [
      (s) => `Server=tcp:db,1433;User ID=sa;Password=${s};Encrypt=true;`,
      (s) => `jdbc:postgresql://db/shop?user=app&password=${s}`,
      (s) => `Driver={ODBC};UID=app;PWD=${s};Database=x`,
      (s) => `host=db user=app password=${s} dbname=shop sslmode=require`,
    ],
    (r) => r.password().replace(/[?]/g, "!"),
  ),
  "azure storage string": inContext(
    [
      (s) => `DefaultEndpointsProtocol=https;AccountName=x;AccountKey=${s};EndpointSuffix=core.windows.net`,
      (s) => `Endpoint=sb://x/;SharedAccessKeyName=Root;SharedAccessKey=${s}`,
    ],
    (r) => `${r.base64(86)}==`,
  ),
  "env line": inContext([
    (s) => `DB_PASSWORD=${s}`,
    (s) => `export PGPASSWORD="${s}"`,
    (s) => `SMTP_PASS=${s}\nNEXT=1`,
    (s) => `OPENAI_API_KEY=${s}`,
    (s) => `- name: APP_SECRET\n  value: x\nAPP_SECRET: ${s}`,
  ]),
  "json field": inContext([
    (s) => `{"user":"a","password":"${s}"}`,
    (s) => `{"auth": {"clientSecret": "${s}"}}`,
    (s) => `{\\"api_key\\":\\"${s}\\"}`,
    (s) => `'db_password': '${s}',`,
  ]),
  "yaml and xml": inContext([
    (s) => `password: ${s}`,
    (s) => `  secretKey: "${s}"`,
    (s) => `<password>${s}</password>`,
    (s) => `<add key="x"/><clientSecret>${s}</clientSecret>`,
  ]),
  "command line": inContext(
    [
      (s) => `mysql -h db -u root -p${s} shop`,
      (s) => `tool login --user a --password ${s}`,
      (s) => `curl -u admin:${s} https://intranet/`,
      (s) => `sshpass -p ${s} ssh root@host`,
      (s) => `redis-cli -h cache -a ${s} ping`,
      (s) => `docker login -u ci -p ${s} registry.example.com`,
      (s) => `app --api-key=${s} --verbose`,
    ],
    (r) => r.password().replace(/[#$?]/g, "!"),
  ),
  "ticket prose": inContext(
    [
      (s) => `My password is ${s} and it does not work any more.`,
      (s) => `Login: j.doe, Passwort: ${s}`,
      (s) => `Das Passwort lautet "${s}", bitte prüfen.`,
      (s) => `mot de passe : ${s}`,
      (s) => `I changed my password to it, pwd: ${s}`,
      (s) => `Wifi password = ${s}`,
    ],
    (r) => r.password().replace(/[?!]$/, "7"),
  ),
  "card number": standing((r) => {
    const digits = withLuhn(`${r.pick(["4539", "5425", "4916", "2720"])}${r.digits(11)}`);
    return r.pick([digits, digits.replace(/(\d{4})(?=\d)/g, "$1 "), digits.replace(/(\d{4})(?=\d)/g, "$1-")]);
  }),
  iban: standing((r) => {
    const number = r.pick([
      iban("DE", r.digits(18)),
      iban("AT", r.digits(16)),
      iban("GB", `NWBK${r.digits(14)}`),
      iban("FR", r.digits(23)),
    ]);
    return r.pick([number, number.replace(/(.{4})(?=.)/g, "$1 ")]);
  }),
  "random token": standing((r) => r.alnum(40)),
  "random base64 key": standing((r) => `${r.base64(43)}=`),
};

/** `perShape` examples of each shape. */
export function secretExamples(seed: number, perShape: number): Example[] {
  const random = new Random(seed);
  return Object.entries(shapes).flatMap(([shape, make]) =>
    Array.from({ length: perShape }, () => {
      const [text, secret] = make(random);
      return { shape, text, secret };
    }),
  );
}
