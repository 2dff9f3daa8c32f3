/** Sentences that say what to do or what was done, in English; other languages below. */
const english =
  /^(?:\d+[.)] )?(?:(?:first|then|next|please|finally|also|we|i),? )?(?:(?!need|speed|feed)\p{L}{2,}ed|set|put|ran|rebuilt|reset|took|told|sent|made|gave|wrote|built|add|apply|ask|assign|call|change|check|clear|close|configure|connect|create|delete|disable|disconnect|edit|empty|enable|enter|install|limit|log|move|open|press|print|pull|reboot|reconnect|rebuild|reinstall|reload|remove|rename|renew|repair|replace|restart|restore|run|select|start|stop|switch|tell|try|turn|uninstall|unlock|unplug|update|upgrade|use|verify|wait) /iu;
/** German: a participle at the end (neu gestartet, ausgetauscht, installiert), or a polite imperative at the start. */
const german =
  /(?:\b(?:\p{L}{2,8})?ge\p{L}{2,}(?:t|en)|\p{L}{3,}iert|\b(?:er|ver|ent|be)\p{L}{3,}(?:t|en))[.!]?$|^(?:bitte |dann |zuerst )?\p{L}{3,}en sie /iu;
const isGerman = /\b(?:wurden?|ist|hat|haben|habe|der|die|das|den|dem|und|neu|sie|bitte)\b/i;
/** French and Spanish: how a remedy begins. */
const romance =
  /^(?:nous avons |j'ai |on a |a été |puis |ensuite |veuillez )?(?:redémarr|réinitialis|remplac|install|mis[e]? à jour|vérifi|supprim|configur|activ|désactiv|chang|ajout)\p{L}*|^(?:se |hemos |luego |primero )?(?:reinici|restableci|reemplaz|instal|actualiz|verific|elimin|configur|activ|desactiv|cambi|agreg)\p{L}*/iu;

/** Other languages fall back on the words of the ticket. */
export function isAction(sentence: string): boolean {
  if (english.test(sentence) || romance.test(sentence)) return true;
  return isGerman.test(sentence) && german.test(sentence);
}

const filler =
  /^(?:hi|hello|hey|dear|hallo|guten (?:tag|morgen)|bonjour|hola|thanks?|thank you|many thanks|danke|vielen dank|merci|gracias|(?:kind |best )?regards|cheers|mit freundlichen grüßen|cordialement|saludos|(?:the )?(?:user|customer|requester) (?:confirmed|is happy|reported back)|(?:ticket|case|issue|closing|closed|resolved|solved|done|fixed|erledigt|gelöst|geschlossen)(?: (?:is |was |the |this )*(?:closed|resolved|ticket|case|issue))?)\b[^.!?]{0,40}[.!?,]*$/iu;

/** What stands in every resolution and says nothing. */
export function isFiller(sentence: string): boolean {
  return filler.test(sentence.trim()) && sentence.length <= 80;
}
