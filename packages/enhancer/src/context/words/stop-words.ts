/** Words that say nothing about what a ticket is about, without diacritics: English, German, French, Spanish, Italian, Dutch, Portuguese. */
const texts = [
  "a an and are as at be been but by can cannot could did do does for from had has have he her him his how i if in into is it its just me my no not of on or our out",
  "she should since so some such than that the their them then there these they this those to too up us was we were what when where which while who why will with would you your",
  "after again all also any because before being between both dear day each few get gets got hello hi kind more morning most new now only other over please regards same still thank thanks today",
  "under until very yesterday isn doesn don didn won wasn aren haven hasn couldn shouldn ll ve re",
  "der die das und oder nicht ist sind ein eine einen einem einer im zu mit von vom auf fur den dem des es ich wir sie er kann bitte danke hallo noch auch wird wurde hat haben bei nach seit aus wie wenn als mein meine unser unsere kein keine sich man nur schon mehr",
  "le la les un une des du de et ou ne pas est sont dans sur pour par avec ce cette ces je nous vous il elle ils mon ma mes votre notre qui que quoi plus bonjour merci au aux depuis",
  "el los las una unos unas y no es son en con por para del al se lo mi su que este esta como pero muy hola gracias desde",
  "il lo gli uno e non sono nel nella di da che con per mio suo questo questa ciao grazie",
  "de het een en van op te dat die voor niet met zijn aan er om ook maar als bij naar uit nog graag",
  "o os as um uma e nao em no na nos nas do da dos das com por para que se meu minha este esta obrigado",
];

export const stopWords: ReadonlySet<string> = new Set(texts.join(" ").split(" "));
