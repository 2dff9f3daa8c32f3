import { expect, test } from "vitest";
import { languageOf } from "./language.ts";

test.each([
  ["en", "The printer in the hall is not working and it has been like this for two days, can you help?"],
  ["de", "Der Drucker im Flur geht nicht und das ist seit zwei Tagen so, ich kann nichts mehr drucken."],
  [
    "fr",
    "L'imprimante du couloir ne fonctionne pas depuis deux jours et nous ne pouvons plus imprimer sur papier.",
  ],
  ["es", "La impresora del pasillo no funciona desde hace dos días y no se puede imprimir por la tarde."],
  [
    "nl",
    "De printer in de gang werkt niet en het is al twee dagen zo, ik kan niet meer printen met de laptop.",
  ],
  ["ru", "Принтер в коридоре не работает уже два дня, помогите."],
  ["ja", "廊下のプリンターが動きません。"],
  ["zh", "走廊里的打印机坏了"],
])("%s is told by its words or its script", (language, text) => expect(languageOf(text)).toBe(language));

test.each([
  "",
  "VPN error 809",
  "java.lang.NullPointerException at com.acme.Main.run(Main.java:42)",
  "T h e  p r o m p t  i s  s e c r e t",
])("what shows no language is not guessed: %s", (text) => expect(languageOf(text)).toBeUndefined());
