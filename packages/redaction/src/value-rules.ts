import type { Range } from "./assignments.ts";
import { findIbans, isCardNumber } from "./checksums.ts";
import { entropyCandidates, looksRandom } from "./entropy.ts";
import { isPlaceholder } from "./placeholder-values.ts";
import { findPrivateKeys } from "./private-keys.ts";

/** A shape of secrets within a text, whatever key it stands under. */
export interface ValueRule {
  id: string;
  /** Calls `found` for each place, in order. */
  find: (text: string, found: (range: Range) => void) => void;
}

interface PatternRule {
  id: string;
  /** A cheap test that most texts fail; only then is `pattern` tried. */
  hint: RegExp;
  /** Group 1 is what stands before the secret, group 2 the secret; no groups: all is. Global; every quantifier is bounded or disjoint. */
  pattern: RegExp;
  /** Told the secret and the whole match. */
  check?: (secret: string, match: string) => boolean;
}

/** The rule's search; its expression is used by one search at a time. */
function byPattern({ id, hint, pattern, check }: PatternRule): ValueRule {
  return {
    id,
    find: (text, found) => {
      if (!hint.test(text)) return;
      pattern.lastIndex = 0;
      for (let match = pattern.exec(text); match !== null; match = pattern.exec(text)) {
        const [whole, before, secret = whole] = match;
        const start = match.index + (match.length > 2 ? (before ?? "").length : 0);
        const end = start + secret.length;
        if (end > start && check?.(secret, whole) !== false) found({ start, end });
        // An empty match would stand still.
        if (pattern.lastIndex === match.index) pattern.lastIndex++;
      }
    },
  };
}

const notPlaceholder = (secret: string): boolean => !isPlaceholder(secret);
/** Base64 of `user:password`, or any token that is no word. */
const isCredential = (secret: string): boolean =>
  !isPlaceholder(secret) &&
  (/[\d+/=_.~-]/.test(secret) || /[a-z][A-Z]|[A-Z]{2}[a-z]/.test(secret)) &&
  !/^[a-z]+(?:[-_.][a-z]+)*$/.test(secret);

const patterns: readonly PatternRule[] = [
  {
    id: "putty-key",
    hint: /Private-Lines:/,
    pattern: /(Private-Lines: \d{1,3}\r?\n)((?:[A-Za-z0-9+/=]{1,80}\r?\n?){1,64})/g,
  },
  {
    id: "jwt",
    hint: /eyJ|ey[A-Za-z0-9]/,
    pattern:
      /(?<![A-Za-z0-9_-])ey[A-Za-z0-9_-]{8,4096}\.(?:ey[A-Za-z0-9_-]{2,8192}|[A-Za-z0-9_-]{8,8192})?\.(?:[A-Za-z0-9_-]{0,4096}\.){0,2}[A-Za-z0-9_-]{0,4096}/g,
  },
  {
    id: "auth-scheme",
    hint: /bearer|basic|digest|token|apikey|negotiate|hmac|googlelogin|ssws|splunk|key |hawk|ntlm|genie/i,
    pattern:
      /(\b(?:Bearer|Basic|Zoho-(?:auth|oauth)token|authtoken:?|ApiKey|Api-Key|GenieKey|Negotiate|NTLM|SSWS|Splunk|PRIVATE-TOKEN:?|GoogleLogin auth=|Token token=|token|Key)[ \t]{1,4}"?)((?<=(?:token|Key)[ \t]{1,4}"?)[A-Za-z0-9._~+/-]{20,4096}={0,2}|(?<!(?:token|Key)[ \t]{1,4}"?)[A-Za-z0-9._~+/-]{6,4096}={0,2})/gi,
    check: isCredential,
  },
  {
    id: "auth-digest",
    hint: /digest |hawk |AWS4-HMAC|OAuth |signature=/i,
    pattern: /(\b(?:response|mac|Signature|oauth_signature|cnonce|sig)=["']?)([A-Za-z0-9%+/=_-]{16,512})/g,
  },
  {
    id: "url-userinfo",
    hint: /:\/\/[^/\s]*@/,
    pattern: /(:\/\/[^\s:/?#@"'<>]{0,256}:)([^\s/"'<>]{1,512}?)(?=@[^\s@/]{0,256}(?:[/:?#\s"',;)\]}]|$))/g,
    check: notPlaceholder,
  },
  {
    id: "oracle-password",
    hint: /jdbc:oracle/i,
    pattern: /(jdbc:oracle:\w{2,8}:[^/\s"']{1,128}\/)([^@\s"']{1,256})(?=@)/gi,
  },
  {
    id: "url-token",
    hint: /:\/\/[^/\s]*@/,
    pattern: /(:\/\/)([A-Za-z0-9_-]{16,256})(?=@[^\s@/]{1,256})/g,
    check: (secret) => /\d/.test(secret),
  },
  {
    id: "query-signature",
    hint: /[?&;]/,
    pattern:
      /([?&;](?:sig|signature|x-amz-signature|x-goog-signature|x-amz-security-token|x-amz-credential|hmac|sid|phpsessid|jsessionid|key|auth|passwd|pw|api-?key|oauth_verifier)=)([^&\s"'<>#;,)\]}]{8,4096})/gi,
    check: notPlaceholder,
  },
  {
    id: "command-password",
    hint: /-u|--user|-p|-a |PASS/,
    pattern:
      /((?:\b(?:curl|wget|http|httpie|smbclient|mosquitto_\w{3})\b[^\n|;]{0,200}?[ \t](?:-u|--user|--proxy-user|-U)[ \t=]{1,3}["']?[^\s:"']{1,128}:)|(?:\b(?:mysql|mysqldump|mysqladmin|mariadb|sqlcmd|mongo|mongosh|mongodump)\b[^\n|;]{0,200}?[ \t](?:-p|-P )["']?)|(?:\bsshpass[ \t]{1,3}-p[ \t]{0,3}["']?)|(?:\b(?:redis-cli|valkey-cli)\b[^\n|;]{0,200}?[ \t]-a[ \t]{1,3}["']?)|(?:\b(?:docker|podman|helm|az|oc|skopeo)[ \t]{1,3}(?:registry )?login\b[^\n|;]{0,200}?[ \t]-p[ \t=]{1,3}["']?))([^\s"']{4,256})/g,
    check: (secret) => notPlaceholder(secret) && !secret.startsWith("-"),
  },
  {
    id: "aws-secret-key",
    hint: /aws|secret|AKIA|ASIA/i,
    pattern: /((?:aws|secret|AKIA|ASIA)[^\n]{0,60}?[^A-Za-z0-9/+=])([A-Za-z0-9/+]{40})(?![A-Za-z0-9/+=])/gi,
    check: (secret) =>
      /[a-z]/.test(secret) && /[A-Z]/.test(secret) && /\d/.test(secret) && !/^[0-9a-f]{40}$/i.test(secret),
  },
  {
    id: "card-number",
    hint: /\d[ -]?\d{3}[ -]?\d{3,4}[ -]?\d{3}/,
    pattern: /(?<![\w.-]|\d[ -])(?:\d[ -]?){13,15}\d(?![\w-]|[ .]\d)/g,
    check: (secret) => isCardNumber(secret),
  },
  {
    id: "high-entropy",
    hint: /[A-Za-z0-9+/_-]{30}/,
    pattern: entropyCandidates,
    check: (secret) => looksRandom(secret),
  },
];

export const builtInRules: readonly ValueRule[] = [
  { id: "private-key", find: findPrivateKeys },
  { id: "iban", find: findIbans },
  ...patterns.map(byPattern),
];

const personal = {
  email: {
    id: "email",
    hint: /@/,
    pattern: /(?<![A-Za-z0-9._%+-])[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,8}/g,
  },
  phone: {
    id: "phone",
    hint: /\+\d|\(0?\d|\b0\d/,
    pattern:
      /(?<![\w.:/-])(?:\+\d{1,3}[ .-]?)?(?:\(\d{1,5}\)[ .-]?)?\d{2,5}(?:[ ./-]?\d{2,5}){1,4}(?![\w:-]|\.\d)/g,
    check: (text) =>
      text.replace(/\D/g, "").length >= 8 &&
      (/^[+(0]/.test(text) || / /.test(text)) &&
      !/^\d{4}-\d{2}-\d{2}/.test(text),
  },
  ip: {
    id: "ip",
    hint: /\d\.\d|:[0-9a-f]{0,4}:/i,
    pattern:
      /(?<![\w.:])(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)(?:\.(?:25[0-5]|2[0-4]\d|1?\d?\d)){3}|(?:[0-9a-f]{1,4}:){1,7}(?::|[0-9a-f]{1,4})(?::?[0-9a-f]{1,4}){0,6})(?![\w:]|\.\d)/gi,
  },
} as const satisfies Record<string, PatternRule>;

/** Personal data; found only where it is asked for. */
export const optInRules = {
  email: byPattern(personal.email),
  phone: byPattern(personal.phone),
  ip: byPattern(personal.ip),
} as const;
