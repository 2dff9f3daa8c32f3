import { iban, Random, withLuhn } from "./random.ts";

/** Texts that people and machines write, in which nothing is secret. */
const sentences = `
My password has expired and I cannot log in since this morning.
Please reset my password, I forgot it over the holidays.
The password must be at least 12 characters long.
Password reset request for John Doe, room 4.12.
password: required
Password: incorrect
token: expired
Token expired at 2026-11-23T10:00:00Z, please log in again.
The token endpoint returned 401.
invalid_grant: refresh token is invalid
error.type=InvalidTokenError
Unexpected token < in JSON at position 0
SyntaxError: Unexpected token 'export'
next_page_token is empty
gen_ai.usage.output_tokens: 512
max_tokens=1000 temperature=0.3
prompt tokens: 812, completion tokens: 144, total tokens: 956
tokenizer=cl100k_base
token_type: bearer
password.expired=true
has_password: false
password_policy: strong
api_key=\${API_KEY}
password: \${{ secrets.DB_PASSWORD }}
DB_PASSWORD=$(cat /run/secrets/db)
password = os.environ["DB_PASSWORD"]
const token = process.env.TOKEN;
const token = await getToken(user);
password: ********
password: <password>
"password": "[REDACTED]"
secret: {{ vault_secret }}
client_secret=%s
WHERE password = ?
WHERE token = $1 AND tenant_id = $2
UPDATE users SET password = :password WHERE id = :id
password: string;
token?: string | undefined
secretKey: Option<String>
api_key: null
secret: None
cookie: undefined
Authorization header is missing
authorization failed for user jdoe
Basic authentication is disabled
Bearer authentication required
The bearer of this letter is a student.
basic troubleshooting steps did not help
Digest of the week: three outages
secretary@example.com called about the printer
The secret of good coffee is fresh beans.
credentials were refused by the desk
Check that the technician of the key may add notes.
403 Forbidden: the desk refused the note
key rotation is planned for Monday
primary key violation on table orders
foreign key constraint fails (\`shop\`.\`orders\`)
cache.key=user:42:profile
sort_key=created_at
public_key_algorithm=ed25519
messaging.kafka.message.key=order-42
The monkey ate the keyboard
Kennwortrichtlinie wurde aktualisiert
Das Passwort ist abgelaufen, bitte zurücksetzen.
Passwort vergessen, Konto gesperrt
Donaudampfschifffahrtsgesellschaftskapitän
Rechtsschutzversicherungsgesellschaften
mot de passe oublié
GET /api/v3/requests/42/notes HTTP/1.1
POST /webhook/servicedesk 202 3.1 ms
/usr/lib/node_modules/npm/node_modules/@npmcli/arborist/lib/arborist/reify.js:1234:17
/var/lib/docker/overlay2/l/ABCDEFGHIJKLMNOPQRSTUVWXYZ:/var/lib/docker/overlay2
    at AbstractSingletonProxyFactoryBean.getObject(AbstractSingletonProxyFactoryBean.java:122)
    at com.example.shop.checkout.PaymentServiceImpl2$$EnhancerBySpringCGLIB$$1a2b3c4d.pay(<generated>)
    at async Object.<anonymous> (file:///srv/app/packages/enhancer/src/work/enhance.ts:120:15)
  File "/opt/app/venv/lib/python3.12/site-packages/sqlalchemy/engine/base.py", line 1910, in _execute_context
goroutine 17 [running]: main.(*Server).handleConnection(0xc0001a2000, 0xc00009e180)
panic: runtime error: invalid memory address or nil pointer dereference [signal SIGSEGV: segmentation violation code=0x1 addr=0x0 pc=0x4a2b3c]
Caused by: java.sql.SQLException: Access denied for user 'app'@'10.0.0.4' (using password: YES)
Access denied for user 'root'@'localhost' (using password: NO)
permission denied (publickey,password)
SHA256:uNiVztksCsDhcc0u9e8BrGEjNeXsTRSmVUwkYs5dXkQ
ssh-ed25519 host key fingerprint is SHA256:p2QAMXNIC1TJYWeIOttrVc98/R1BUFWu3/LiyKgUfQM
integrity: sha512-l8Fj7cWkYzQ3bH9dJrXm2NvTgQe5PaKoLsUi0B6yCf1ExhDwRzMGAtSVpOqnIjuZ4k7X8TWHmCBNYJLvRdfEFg==
"integrity": "sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="
image: registry.example.com/team/app@sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
arn:aws:iam::123456789012:role/service-role/AWSLambdaBasicExecutionRole-7QX
arn:aws:secretsmanager:eu-central-1:123456789012:secret:prod/db-AbCdEf
s3://backup-bucket/2026/11/23/db-dump-00017.sql.gz
serviceaccount:ci-runner@project-123456.iam.gserviceaccount.com
system:serviceaccount:kube-system:default-token-abcde
kube-root-ca.crt mounted at /var/run/secrets/kubernetes.io/serviceaccount
00:1A:2B:3C:4D:5E joined VLAN 12
fe80::1ff:fe23:4567:890a%eth0
10.0.0.4:8080 -> 10.0.0.5:443 TLSv1.3 TLS_AES_256_GCM_SHA384
urn:uuid:123e4567-e89b-12d3-a456-426614174000
ETag: W/"5e1-18a7c3f2b40"
If-None-Match: "33a64df551425fcc55e4d42a148795d9f25f89d4"
user-agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36
vite@8.0.3 typescript@7.0.2 node>=22.15.0 <25 || ^26.0.0
commit 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b refs/heads/feature/token-refresh
ISBN 978-3-16-148410-0, order 4711-0815-2026
Tel. +49 89 1234567 ext. 12
Customer number 123456789012, invoice 2026-000123
Meeting at 14:30 in room B-2.17, call 555-0100
SELECT id, token_hash FROM sessions WHERE expires_at < now()
INSERT INTO api_keys (id, name, created_at) VALUES (?, ?, ?)
url.full=https://shop.example.com/orders/42?page=2&sort=asc
https://example.com/search?q=reset+password&lang=en
https://docs.example.com/how-to/rotate-api-keys#step-2
mailto:jane.doe@example.com
jane.doe@example.com
git@github.com:example/throughline.git
user:group 1000:1000
key=value pairs are separated by commas
{"keys":["a","b"],"tokens":12,"cookieConsent":true}
cookie banner blocks the login button
session timed out after 30 minutes
otel.scope.name=throughline.enhancer
service.instance.id=4c7b6a1e-9d7c-4a4e-8c7b-100000000000
k8s.pod.name=throughline-worker-7d9f8b6c5d-x2x9z
ai-agents-enhancement
openai/gpt-4o-mini-2024-07-18
claude-sonnet-4-5-20250929
text-embedding-3-large
sk-learn pipelines and sk-image are installed
task-runner risk-assessment-for-the-whole-department
hf_hub_download_progress_bar_enabled
s.substring(0, 10)
`.trim();

const generated: readonly ((random: Random) => string)[] = [
  (r) => `${r.hex(8)}-${r.hex(4)}-4${r.hex(3)}-a${r.hex(3)}-${r.hex(12)}`,
  (r) => `job ${r.hex(8)}-${r.hex(4)}-4${r.hex(3)}-b${r.hex(3)}-${r.hex(12)} ended`,
  (r) => r.hex(32),
  (r) => `trace_id=${r.hex(32)} span_id=${r.hex(16)}`,
  (r) => `00-${r.hex(32)}-${r.hex(16)}-01`,
  (r) => `commit ${r.hex(40)}`,
  (r) => `sha256:${r.hex(64)}`,
  (r) => `${r.hex(64)}  dump.tar.gz`,
  (r) => r.hex(40).toUpperCase(),
  (r) => `throughline-receiver-${r.lower(10)}-${r.lower(5)}`,
  (r) => `ip-10-${r.below(256)}-${r.below(256)}-${r.below(256)}.eu-central-1.compute.internal`,
  (r) => `01J${r.text("0123456789ABCDEFGHJKMNPQRSTVWXYZ", 23)}`,
  (r) => r.hex(24),
  (r) => `2${r.alnum(26)}`,
  (r) => r.url(21),
  (r) =>
    `2026-11-${String(1 + r.below(28)).padStart(2, "0")}T10:${String(r.below(60)).padStart(2, "0")}:00.${r.digits(3)}Z`,
  (r) => `17${r.digits(17)}`,
  (r) => `order ${r.digits(10)} shipped`,
  (r) =>
    `${withLuhn(`4539${r.digits(11)}`).slice(0, 15)}${(Number(withLuhn(`4539${r.digits(11)}`).at(-1)) + 1) % 10}`.replace(
      /^(\d{15})(\d)$/,
      (_, head: string) => {
        const right = withLuhn(head).at(-1);
        return head + String((Number(right) + 3) % 10);
      },
    ),
  (r) => {
    const right = iban("DE", r.digits(18));
    return `DE${String((Number(right.slice(2, 4)) + 5) % 90).padStart(2, "0")}${right.slice(4)}`;
  },
  (r) => `/api/v3/requests/${r.digits(6)}/notes/${r.digits(8)}`,
  (r) =>
    `com.example.${r.pick(["Order", "Payment", "Ticket"])}${r.pick(["Repository", "Controller", "Factory"])}${r.pick(["Impl", "Test", "Base"])}${r.below(9)}`,
  (r) =>
    `AbstractTransactional${r.pick(["JUnit4", "TestNG7", "Http2"])}SpringContextTests${r.below(9)}WithFixtures`,
  (r) => `TICKET-${r.digits(5)}`,
  (r) => `v${r.below(9)}.${r.below(30)}.${r.below(99)}-rc.${r.below(9)}+build.${r.digits(8)}`,
  (r) => `${r.hex(2)}:${r.hex(2)}:${r.hex(2)}:${r.hex(2)}:${r.hex(2)}:${r.hex(2)}`,
  (r) => `duration=${r.digits(3)}.${r.digits(3)}ms rows=${r.digits(2)} cache=hit`,
  (r) =>
    `http://10.${r.below(256)}.0.${r.below(256)}:8080/orders/${r.hex(8)}-${r.hex(4)}-4${r.hex(3)}-9${r.hex(3)}-${r.hex(12)}`,
  (r) => `assets/index-${r.url(8)}.js.map`,
  (r) => `device ${r.upper(12)} firmware ${r.digits(6)}`,
];

/** The sentences, and `perKind` of each generated kind. */
export function lookAlikes(seed: number, perKind: number): string[] {
  const random = new Random(seed);
  return [
    ...sentences.split("\n"),
    ...generated.flatMap((make) => Array.from({ length: perKind }, () => make(random))),
  ];
}
