/** What stands where a secret might, and is none: types, states, and what people write instead. */
const harmlessWords = new Set(
  (
    "null none nil undefined true false yes no on off string str text number int integer bool boolean object array bytes buffer any void unknown char varchar " +
    "required optional missing invalid valid expired expires expiry empty unset set incorrect correct wrong needed necessary present absent available unavailable " +
    "changed change changes changing reset resets resetting forgotten forgot lost found not is are was were has have had been being be can cannot could should would must may might will " +
    "the a an and or of for from to in into on at by with without as if when while after before until please see use used using uses your my our his her their its it this that these those " +
    "redacted hidden masked removed omitted secret secrets password passwords passwd token tokens key keys value values here there todo tbd example sample placeholder dummy test " +
    "error failed failure fails fail ok success succeeded denied rejected refused accepted disabled enabled locked blocked revoked rotated renewed refreshed generated " +
    "length count type name id format policy field fields input form prompt manager protected auth authentication authorization basic bearer digest negotiate " +
    "user users username admin email login account service client server header headers request response cookie session mismatch does did do " +
    "should must too short long weak strong same new old current previous next last first second two one zero max min limit exceeded " +
    "include omit same-origin env environment variable config configuration settings default self this undefined nan function const let var return new await async import export class " +
    "abgelaufen falsch vergessen erforderlich fehlt ungültig gesperrt nicht wurde wird ist und oder der die das ein eine geändert zurücksetzen zurückgesetzt " +
    "expiré incorrect oublié requis manquant est et ou le la les un une caducada incorrecta olvidada"
  ).split(" "),
);

const patterns: readonly RegExp[] = [
  /^[*•●xX.#_-]+$/,
  /^\[(?:REDACTED|HMAC:[^\]]*|FILTERED|MASKED|HIDDEN|SECRET|removed|object Object)\]?$/i,
  /^<[^<>]{0,80}>?$/,
  /^\$\{|^\$[A-Za-z_(]|^%[A-Za-z_]|^\{\{|^#\{|^@\{|^\$\$|^\$\(|^<%/,
  /^(?:\?|:\w+|@\w+|\$\d+|%s|%d|%v|%q|%\(\w+\)s|\{\d*\}|\{\w+\})$/,
  /^(?:process\.env|os\.environ|os\.getenv|getenv|env\.|System\.getenv|config\.|settings\.|secrets\.|vault:|ssm:|arn:|ref\+|op:\/\/|secretKeyRef|valueFrom)/,
  /^[A-Za-z_][\w.]{0,60}\(/,
  /^(?:string|number|boolean|str|int|bool|bytes|Option|Optional|Vec|List|Array|Promise|Record|Map)[<[(|?]/,
];

/** Whether a value under a sensitive key says nothing: a state, a type, a mask or a reference to where the secret is. */
export function isPlaceholder(value: string): boolean {
  const bare = value.replace(/^[\s"'`(]+|[\s"'`).,;:!?]+$/g, "");
  if (bare.length < 3) return true;
  return harmlessWords.has(bare.toLowerCase()) || patterns.some((pattern) => pattern.test(value));
}
