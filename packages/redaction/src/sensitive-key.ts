/** A key is sensitive when its last word is one of these. */
const lastWords = new Set(
  (
    "secret secrets password passwords passwd passphrase passcode pwd pword token tokens authorization credential credentials creds " +
    "cookie cookies apikey apikeys authkey secretkey privatekey accesskey signingkey encryptionkey masterkey " +
    "authtoken accesstoken refreshtoken idtoken apitoken bearertoken sessiontoken csrftoken xsrftoken usertoken " +
    "clientsecret appsecret apisecret consumersecret sharedsecret webhooksecret userpassword dbpassword dbpass rootpassword " +
    "pgpassword mysqlpwd userpwd passwort kennwort motdepasse contrasena jsessionid phpsessid connectionstring cvv cvc ssn jwt bearer"
  ).split(" "),
);
/** Two words that are sensitive only together, at the end of a key. */
const lastPairs = new Set(
  (
    "api key,api keys,secret key,private key,access key,signing key,encryption key,master key,technician key,auth key,license key," +
    "client key,desk key,service key,account key,shared key,storage key,root key,hmac key,ssh key,pgp key,webhook key,integration key," +
    "key base,set cookie,pass phrase,pass word,connection string,basic auth,auth header,sas key,deploy key,smtp pass,db pass,user pass,mysql pass,pg pass,postgres pass,redis pass,mail pass,email pass,ftp pass,ldap pass,proxy pass,http pass,admin pass,root pass,login pass,auth pass,basic pass,ssh pass,mongo pass,mongodb pass,rabbitmq pass,amqp pass,mq pass,imap pass,vpn pass,wifi pass,sudo pass,database pass,app pass,my pass,client pass,service pass,svc pass,api pass,broker pass,kafka pass"
  ).split(","),
);
/** Counters, cursors and names that end in a sensitive word but hold no secret. */
const harmlessEnds = new Set(
  (
    "output tokens,input tokens,total tokens,max tokens,min tokens,prompt tokens,completion tokens,reasoning tokens,cached tokens,used tokens," +
    "audio tokens,image tokens,read tokens,creation tokens,remaining tokens,limit tokens,num tokens,n tokens,budget tokens,prediction tokens," +
    "text tokens,thinking tokens,next token,page token,continuation token,sync token,cursor token,pagination token," +
    "continue token,stop token,end token,start token,bos token,eos token,pad token,unk token,sep token,mask token,special tokens,per token," +
    "first token,last token"
  ).split(","),
);
/** Where a word of camelCase ends: `clientSecret`, `HTTPToken`. */
const humps = /([a-z0-9])([A-Z])|([A-Z])([A-Z][a-z])/g;

const remembered = 10_000;

/**
 * Splits at `_ - . / :` space and camelCase, compares whole words: `api_token`, `x-access-token`, `db.password`,
 * `clientSecret` are sensitive; `gen_ai.usage.output_tokens`, `tokenizer`, `password.expired` are not.
 */
function judge(key: string): boolean {
  const words = key
    .slice(-256)
    .replace(humps, "$1$3 $2$4")
    .toLowerCase()
    .normalize("NFD")
    .replace(/[\u0300-\u036f]/g, "")
    .split(/[^a-z0-9]+/)
    .filter((word) => word !== "" && !/^\d+$/.test(word));
  const last = words.at(-1) ?? "";
  const pair = `${words.at(-2) ?? ""} ${last}`;
  if (harmlessEnds.has(pair)) return false;
  return lastWords.has(last) || lastPairs.has(pair);
}

/** Says of a key whether its values must never leave; answers are remembered. */
export function createKeyJudge(): (key: string) => boolean {
  const known = new Map<string, boolean>();
  return (key) => {
    const answer = known.get(key);
    if (answer !== undefined) return answer;
    const sensitive = judge(key);
    if (known.size >= remembered) known.clear();
    known.set(key, sensitive);
    return sensitive;
  };
}
