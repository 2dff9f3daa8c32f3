/** A credential that is known by how it begins; `body` is a regular expression of what follows. Every quantifier is bounded. */
interface VendorToken {
  id: string;
  prefix: string;
  body: string;
}

/** `id | prefix | body`, both regular expressions, as their vendors and the common secret scanners describe them. */
const table = `
aws-access-key | (?:AKIA|ASIA|ABIA|ACCA) | [A-Z0-9]{16}(?![A-Za-z0-9])
google-api-key | AIza | [0-9A-Za-z_-]{35}
google-oauth-token | ya29\\. | [0-9A-Za-z_-]{20,500}
google-client-secret | GOCSPX- | [0-9A-Za-z_-]{20,60}
github-token | gh[pousr]_ | [A-Za-z0-9]{30,255}
github-fine-grained | github_pat_ | [A-Za-z0-9_]{22,255}
gitlab-token | gl(?:pat|dt|rt|cbt|ptt|ft|soat|imt|agent|oas|ffct)- | [A-Za-z0-9_=.-]{18,200}
slack-token | xox[abeoprs]- | [A-Za-z0-9-]{10,250}
slack-config-token | xoxe\\.xox[bp]- | [A-Za-z0-9-]{10,250}
slack-app-token | xapp- | [A-Za-z0-9-]{10,200}
stripe-key | (?:sk|rk)_(?:live|test|prod)_ | [A-Za-z0-9]{10,247}
webhook-signing-secret | whsec_ | [A-Za-z0-9+/=_-]{20,200}
anthropic-key | sk-ant- | [A-Za-z0-9_-]{20,200}
openai-project-key | sk-(?:proj|svcacct|admin|or-v1|None)- | [A-Za-z0-9_-]{12,200}
openai-key | sk- | [A-Za-z0-9_-]{16,200}
huggingface-token | (?:hf_|api_org_) | [A-Za-z0-9]{30,60}
npm-token | npm_ | [A-Za-z0-9]{36}
pypi-token | pypi- | [A-Za-z0-9_-]{50,500}
rubygems-key | rubygems_ | [a-f0-9]{48}
sendgrid-key | SG\\. | [A-Za-z0-9_-]{16,32}\\.[A-Za-z0-9_-]{16,64}
twilio-key | SK | [0-9a-fA-F]{32}(?![A-Za-z0-9])
mailgun-key | (?:key|pubkey)- | [0-9a-f]{32}(?![A-Za-z0-9])
mailchimp-key | (?=[0-9a-f]{32}-us) | [0-9a-f]{32}-us\\d{1,2}
digitalocean-token | do[opr]_v1_ | [a-f0-9]{64}
shopify-token | shp(?:at|ca|pa|ss|tka)_ | [a-fA-F0-9]{32}
square-token | (?:sq0(?:atp|csp|idp)-|EAAA) | [A-Za-z0-9_-]{22,64}
facebook-token | EAA[A-Z] | [A-Za-z0-9]{40,250}
telegram-token | (?=\\d{8,10}:[A-Za-z0-9_-]) | \\d{8,10}:[A-Za-z0-9_-]{35}(?![A-Za-z0-9_-])
discord-token | (?=[MNO][A-Za-z\\d_-]{22,27}\\.) | [MNO][A-Za-z\\d_-]{22,27}\\.[A-Za-z\\d_-]{6}\\.[A-Za-z\\d_-]{27,40}
vault-token | hv[sbr]\\. | [A-Za-z0-9_-]{20,200}
vault-legacy-token | s\\. | [A-Za-z0-9]{24}(?![A-Za-z0-9])
databricks-token | dapi | [a-f0-9]{32}(?:-\\d)?(?![A-Za-z0-9])
doppler-token | dp\\.(?:pt|st|ct|sa|scim|audit)\\. | [A-Za-z0-9._-]{40,80}
linear-key | lin_(?:api|oauth)_ | [A-Za-z0-9]{32,64}
atlassian-token | AT(?:ATT3|CTT3|BB) | [A-Za-z0-9_=-]{28,250}
newrelic-key | NR(?:AK|II|JS|IQ|BR|SP|AA)- | [A-Za-z0-9_-]{19,64}
grafana-token | glsa_ | [A-Za-z0-9]{32}_[A-Fa-f0-9]{8}
grafana-cloud-token | glc_ | [A-Za-z0-9+/]{32,400}={0,2}
grafana-api-key | eyJrIjoi | [A-Za-z0-9]{60,400}={0,2}
sentry-token | sntry[su]_ | [A-Za-z0-9+/=_-]{40,500}
fly-token | (?:fo1_|fm[12][ar]?_|FlyV1 fm\\d[ar]?_) | [A-Za-z0-9+/=_-]{40,700}
supabase-token | sb(?:p|_secret)_ | [A-Za-z0-9_-]{20,80}
planetscale-token | pscale_(?:tkn|pw|oauth)_ | [A-Za-z0-9_.=-]{32,64}
postman-key | PMAK- | [a-f0-9]{24}-[a-f0-9]{34}
zoho-token | 1000\\.(?=[a-f0-9]{32}\\.) | [a-f0-9]{32}\\.[a-f0-9]{32}
age-key | AGE-SECRET-KEY-1 | [A-Z0-9]{58}
terraform-token | (?=[A-Za-z0-9]{14}\\.atlasv1\\.) | [A-Za-z0-9]{14}\\.atlasv1\\.[A-Za-z0-9_=-]{40,90}
shippo-token | shippo_(?:live|test)_ | [a-f0-9]{40}
pulumi-token | pul- | [a-f0-9]{40}
docker-token | dckr_(?:pat|oat)_ | [A-Za-z0-9_-]{20,60}
figma-token | fig[dour]_ | [A-Za-z0-9_-]{36,60}
notion-token | ntn_ | [A-Za-z0-9]{40,60}
notion-secret | secret_ | [A-Za-z0-9]{40,48}(?![A-Za-z0-9])
airtable-token | pat(?=[A-Za-z0-9]{14}\\.) | [A-Za-z0-9]{14}\\.[a-f0-9]{64}
razorpay-key | rzp_(?:live|test)_ | [A-Za-z0-9]{14}
brevo-key | xkeysib- | [a-f0-9]{64}-[A-Za-z0-9]{16}
nvidia-key | nvapi- | [A-Za-z0-9_-]{50,100}
groq-key | gsk_ | [A-Za-z0-9]{40,64}
replicate-token | r8_ | [A-Za-z0-9]{36,40}
perplexity-key | pplx- | [A-Za-z0-9]{40,64}
xai-key | xai- | [A-Za-z0-9]{60,100}
onepassword-token | ops_ | eyJ[A-Za-z0-9+/=_-]{40,1500}
dynatrace-token | dt0[a-z]\\d\\d\\. | [A-Z0-9]{24}\\.[A-Z0-9]{64}
easypost-key | EZ[AT]K | [A-Za-z0-9]{54}
contentful-token | CFPAT- | [A-Za-z0-9_-]{43}
clojars-token | CLOJARS_ | [a-z0-9]{60}
duffel-token | duffel_(?:live|test)_ | [A-Za-z0-9_-]{43}
buildkite-token | bk(?:ua|pat|ct)_ | [A-Za-z0-9]{30,60}
circleci-token | CCI(?:PAT|PRJ)_ | [A-Za-z0-9_]{40,80}
netlify-token | nfp_ | [A-Za-z0-9]{36,50}
typeform-token | tfp_ | [A-Za-z0-9_.=-]{40,70}
readme-key | rdme_ | [a-z0-9]{70}
prefect-key | pn[ub]_ | [A-Za-z0-9]{36}
adafruit-key | aio_ | [A-Za-z0-9]{28}
harness-token | (?:pat|sat)\\.(?=[A-Za-z0-9_-]{22}\\.) | [A-Za-z0-9_-]{22}\\.[a-f0-9]{24}\\.[A-Za-z0-9]{20}
openshift-token | sha256~ | [A-Za-z0-9_-]{43}
jfrog-token | AKC[a-z0-9] | [A-Za-z0-9]{60,80}
jfrog-reference | cmVmd | [A-Za-z0-9]{56,64}
alibaba-key | LTAI | [A-Za-z0-9]{17,24}(?![A-Za-z0-9])
tencent-key | AKID | [A-Za-z0-9]{32}(?![A-Za-z0-9])
yandex-key | (?:AQVN|YCAJE|YCM|y0_) | [A-Za-z0-9_-]{22,60}
asana-token | [0-9]/(?=\\d{16}) | \\d{16}(?:/\\d{16})?:[a-f0-9]{32}
azure-client-secret | (?=[A-Za-z0-9_~.-]{3}\\dQ~) | [A-Za-z0-9_~.-]{3}\\dQ~[A-Za-z0-9_~.-]{31,34}
azure-devops-token | (?=[A-Za-z0-9]{76}AZDO) | [A-Za-z0-9]{76}AZDO[A-Za-z0-9]{4}
azure-storage-key | (?=[A-Za-z0-9+/]{76}\\+ASt) | [A-Za-z0-9+/]{76}\\+ASt[A-Za-z0-9+/=]{7,8}
slack-webhook | (?=hooks\\.slack\\.com/) | hooks\\.slack\\.com/(?:services|workflows|triggers)/[A-Za-z0-9+/_-]{20,150}
discord-webhook | (?=discord(?:app)?\\.com/api/webhooks/) | discord(?:app)?\\.com/api/webhooks/\\d{15,22}/[A-Za-z0-9_-]{50,90}
teams-webhook | (?=[A-Za-z0-9-]{1,60}\\.webhook\\.office\\.com/) | [A-Za-z0-9-]{1,60}\\.webhook\\.office\\.com/webhookb2/[A-Za-z0-9@/-]{60,250}
`;

const tokens: readonly VendorToken[] = table
  .trim()
  .split("\n")
  .map((line) => {
    const [id = "", prefix = "", body = ""] = line.split(" | ").map((part) => part.trim());
    return { id, prefix, body };
  });

/** All of them in one pass: one group for each. */
export const vendorPattern = new RegExp(
  `(?<![A-Za-z0-9_])(?:${tokens.map(({ prefix, body }) => `(${prefix}${body})`).join("|")})`,
  "g",
);

/** The id of the group that matched. */
export function vendorOf(match: RegExpExecArray): string {
  const at = match.findIndex((group, index) => index > 0 && group !== undefined);
  return tokens[at - 1]?.id ?? "vendor-token";
}

/** Whether any of them could begin in a text: what does not hold one of these is not searched. */
export const vendorHint =
  /A[KSBC][IC]A|AIza|ya29|GOCSPX|gh[pousr]_|github_pat_|gl[a-z]{2,5}[-_]|xox|xapp-|[srp]k_|whsec_|sk-|hf_|api_org_|npm_|pypi-|gems_|SG\.|SK[0-9a-fA-F]{8}|key-|-us\d|_v1_|shp[a-z]{2,3}_|sq0|EAA|:[A-Za-z0-9_-]{35}|[MNO][\w-]{22,27}\.|hv[sbr]\.|(?<![A-Za-z0-9])s\.|dapi|dp\.|lin_|AT[ACB][TB]|NR[A-Z]{2}-|eyJ|sntry|fo1_|f[mM]\d|FlyV1|sb[p_]|pscale_|PMAK|1000\.|AGE-|atlasv1|shippo_|pul-|dckr_|fig[dour]_|ntn_|secret_|pat[A-Za-z0-9.]|rzp_|xkeysib|nvapi|gsk_|r8_|pplx|xai-|ops_|dt0|EZ[AT]K|CFPAT|CLOJARS|duffel|bk[upc]|CCIP|nfp_|tfp_|rdme_|pn[ub]_|aio_|[ps]at\.|sha256~|AKC|cmVmd|LTAI|AKID|AQVN|YCAJE|YCM|y0_|\d\/\d{16}|Q~|AZDO|\+ASt|hooks\.slack|\/api\/webhooks|webhook\.office/;
