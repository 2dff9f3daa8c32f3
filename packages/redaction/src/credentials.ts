interface CredentialPattern {
  /** A cheap test that most strings fail. */
  hint: RegExp;
  /** Every quantifier is bounded or followed by a disjoint class: linear in the input. */
  pattern: RegExp;
  replacement: string;
}

/** Credentials recognised by their shape, whatever key they stand under. */
export const credentialPatterns: readonly CredentialPattern[] = [
  {
    hint: /bearer|basic|authtoken|oauthtoken/i,
    pattern: /\b(Bearer|Basic|authtoken:?|Zoho-oauthtoken) +[A-Za-z0-9._~+/=-]{8,}/gi,
    replacement: "$1 [REDACTED]",
  },
  {
    hint: /eyJ/,
    pattern: /\beyJ[A-Za-z0-9_-]{5,}\.[A-Za-z0-9_-]{5,}\.[A-Za-z0-9_-]*/g,
    replacement: "[REDACTED]",
  },
  {
    hint: /-----BEGIN/,
    pattern: /-----BEGIN [A-Z ]{1,40}-----[A-Za-z0-9+/=\s]{0,16384}(?:-----END [A-Z ]{1,40}-----)?/g,
    replacement: "[REDACTED]",
  },
  {
    hint: /sk-|sk_|rk_/,
    pattern: /\b(?:sk-|sk_live_|sk_test_|rk_live_)[A-Za-z0-9_-]{12,}/g,
    replacement: "[REDACTED]",
  },
  {
    hint: /gh[pousr]_|github_pat_/,
    pattern: /\b(?:gh[pousr]_|github_pat_)[A-Za-z0-9_]{16,}/g,
    replacement: "[REDACTED]",
  },
  { hint: /xox/, pattern: /\bxox[abeoprs]-[A-Za-z0-9-]{8,}/g, replacement: "[REDACTED]" },
  { hint: /A[KS]IA/, pattern: /\bA[KS]IA[A-Z0-9]{16}\b/g, replacement: "[REDACTED]" },
  {
    hint: /:\/\/[^/\s]*@/,
    pattern: /(:\/\/[^\s:/@]{0,256}):[^\s/@]{1,256}@/g,
    replacement: "$1:[REDACTED]@",
  },
  {
    hint: /key|token|secret|passw|sig/i,
    pattern: /([?&;](?:[a-z_-]{0,32}(?:key|token|secret)|passwd|password|signature|sig)=)[^&\s"'<>]+/gi,
    replacement: "$1[REDACTED]",
  },
  {
    hint: /key|token|secret|passw/i,
    pattern:
      /\b((?:api[_-]?key|[a-z_-]{0,32}(?:secret|token)|password|passwd)["']? ?[=:] ?["']?)(?!\[REDACTED\])[^\s"',;&<>]{4,}/gi,
    replacement: "$1[REDACTED]",
  },
];
