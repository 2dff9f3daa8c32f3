import type { ContextPart, Source, WithoutModel } from "../ticket.ts";
import { primaryOf } from "./language.ts";

/** Every fixed word of a note, in one language. */
export interface Phrases {
  /** Similar Tickets, Relevant Documentation, System Information, Recommended Next Steps. */
  sections: readonly [tickets: string, documents: string, systems: string, steps: string];
  /** Says that no person wrote it, and who sees it. */
  label: (visibility: "private" | "public") => string;
  byModel: (model: string) => string;
  modelFoundNothing: (model: string) => string;
  noModel: Readonly<Record<WithoutModel, string>>;
  quoted: string;
  nothingQuoted: string;
  none: Readonly<Record<Source["kind"], string>>;
  noSteps: string;
  notSearched: string;
  notUsed: string;
  sources: string;
  unused: (count: number) => string;
  kinds: Readonly<Record<Source["kind"], string>>;
  incomplete: string;
  parts: Readonly<Record<ContextPart, string>>;
  resolved: string;
  noResolution: string;
  helpedIn: (ids: string) => string;
  from: (title: string) => string;
  isSystem: (id: string, title: string) => string;
  evidence: (count: number, level: "strong" | "some" | "weak") => string;
  helpful: string;
  trace: string;
}

const en: Phrases = {
  sections: ["Similar Tickets", "Relevant Documentation", "System Information", "Recommended Next Steps"],
  label: (visibility) => `<b>Automatic note by Throughline</b> (${visibility})`,
  byModel: (model) => `Written by the model ${model} from the sources below. Check them before you act.`,
  modelFoundNothing: (model) =>
    `The model ${model} was asked, but nothing was found that a note could be based on.`,
  noModel: {
    unconfigured: "No model was used.",
    failed: "No model was used: the configured model failed.",
    price: "No model was used: its price is not known, so that the money cap cannot be kept.",
    ticketUsd: "No model was used: the money cap for this ticket is reached.",
    dayUsd: "No model was used: the money cap for today is reached.",
    ticketTokens: "No model was used: the token cap for this ticket is reached.",
    dayTokens: "No model was used: the token cap for today is reached.",
  },
  quoted: "What follows is quoted from the sources below.",
  nothingQuoted: "Nothing was found that could be quoted.",
  none: {
    ticket: "Nothing was found: no resolved ticket is similar to this one.",
    document: "Nothing was found: no document matches this ticket.",
    system: "Nothing was found: the ticket names no address that the inventory knows.",
  },
  noSteps: "Nothing was found that a next step could be based on.",
  notSearched: "Not searched to the end, see below.",
  notUsed: "What was found was not used.",
  sources: "Sources",
  unused: (count) => `Found and not used: ${count}`,
  kinds: { ticket: "Ticket", document: "Document", system: "System" },
  incomplete: "This note is incomplete:",
  parts: { ticket_history: "ticket history", documentation: "documentation", ip_lookup: "inventory" },
  resolved: "Resolved:",
  noResolution: "No resolution is recorded.",
  helpedIn: (ids) => `What helped in ${ids}`,
  from: (title) => `From ${title}`,
  isSystem: (id, title) => `${id} is ${title}`,
  evidence: (count, level) => `Evidence: ${level} (${count} ${count === 1 ? "source" : "sources"}).`,
  helpful: "Was this note helpful?",
  trace: "trace",
};

const de: Phrases = {
  sections: ["Ähnliche Tickets", "Passende Dokumentation", "Systeme", "Empfohlene nächste Schritte"],
  label: (visibility) =>
    `<b>Automatische Notiz von Throughline</b> (${visibility === "private" ? "intern" : "öffentlich"})`,
  byModel: (model) =>
    `Vom Modell ${model} aus den Quellen unten geschrieben. Bitte prüfen, bevor Sie handeln.`,
  modelFoundNothing: (model) =>
    `Das Modell ${model} wurde gefragt, aber es wurde nichts gefunden, worauf eine Notiz beruhen könnte.`,
  noModel: {
    unconfigured: "Es wurde kein Modell verwendet.",
    failed: "Es wurde kein Modell verwendet: das eingestellte Modell ist ausgefallen.",
    price:
      "Es wurde kein Modell verwendet: sein Preis ist nicht bekannt, die Kostengrenze wäre nicht einzuhalten.",
    ticketUsd: "Es wurde kein Modell verwendet: die Kostengrenze für dieses Ticket ist erreicht.",
    dayUsd: "Es wurde kein Modell verwendet: die Kostengrenze für heute ist erreicht.",
    ticketTokens: "Es wurde kein Modell verwendet: die Token-Grenze für dieses Ticket ist erreicht.",
    dayTokens: "Es wurde kein Modell verwendet: die Token-Grenze für heute ist erreicht.",
  },
  quoted: "Das Folgende ist aus den Quellen unten zitiert.",
  nothingQuoted: "Es wurde nichts gefunden, was zitiert werden könnte.",
  none: {
    ticket: "Nichts gefunden: kein gelöstes Ticket ist diesem ähnlich.",
    document: "Nichts gefunden: kein Dokument passt zu diesem Ticket.",
    system: "Nichts gefunden: das Ticket nennt keine Adresse, die das Inventar kennt.",
  },
  noSteps: "Nichts gefunden, worauf ein nächster Schritt beruhen könnte.",
  notSearched: "Nicht zu Ende gesucht, siehe unten.",
  notUsed: "Was gefunden wurde, wurde nicht verwendet.",
  sources: "Quellen",
  unused: (count) => `Gefunden und nicht verwendet: ${count}`,
  kinds: { ticket: "Ticket", document: "Dokument", system: "System" },
  incomplete: "Diese Notiz ist unvollständig:",
  parts: { ticket_history: "Ticketverlauf", documentation: "Dokumentation", ip_lookup: "Inventar" },
  resolved: "Gelöst:",
  noResolution: "Keine Lösung verzeichnet.",
  helpedIn: (ids) => `Was bei ${ids} half`,
  from: (title) => `Aus ${title}`,
  isSystem: (id, title) => `${id} ist ${title}`,
  evidence: (count, level) =>
    `Belege: ${{ strong: "stark", some: "mäßig", weak: "schwach" }[level]} (${count} ${count === 1 ? "Quelle" : "Quellen"}).`,
  helpful: "War diese Notiz hilfreich?",
  trace: "Trace",
};

const fr: Phrases = {
  sections: ["Tickets similaires", "Documentation utile", "Systèmes", "Prochaines étapes recommandées"],
  label: (visibility) =>
    `<b>Note automatique de Throughline</b> (${visibility === "private" ? "privée" : "publique"})`,
  byModel: (model) =>
    `Écrite par le modèle ${model} d'après les sources ci-dessous. À vérifier avant d'agir.`,
  modelFoundNothing: (model) =>
    `Le modèle ${model} a été interrogé, mais rien n'a été trouvé sur quoi fonder une note.`,
  noModel: {
    unconfigured: "Aucun modèle n'a été utilisé.",
    failed: "Aucun modèle n'a été utilisé : le modèle configuré a échoué.",
    price:
      "Aucun modèle n'a été utilisé : son prix n'est pas connu, le plafond de coût ne pourrait être respecté.",
    ticketUsd: "Aucun modèle n'a été utilisé : le plafond de coût de ce ticket est atteint.",
    dayUsd: "Aucun modèle n'a été utilisé : le plafond de coût du jour est atteint.",
    ticketTokens: "Aucun modèle n'a été utilisé : le plafond de jetons de ce ticket est atteint.",
    dayTokens: "Aucun modèle n'a été utilisé : le plafond de jetons du jour est atteint.",
  },
  quoted: "Ce qui suit est cité des sources ci-dessous.",
  nothingQuoted: "Rien n'a été trouvé qui puisse être cité.",
  none: {
    ticket: "Rien trouvé : aucun ticket résolu ne ressemble à celui-ci.",
    document: "Rien trouvé : aucun document ne correspond à ce ticket.",
    system: "Rien trouvé : le ticket ne nomme aucune adresse connue de l'inventaire.",
  },
  noSteps: "Rien trouvé sur quoi fonder une prochaine étape.",
  notSearched: "Recherche incomplète, voir ci-dessous.",
  notUsed: "Ce qui a été trouvé n'a pas été utilisé.",
  sources: "Sources",
  unused: (count) => `Trouvées et non utilisées : ${count}`,
  kinds: { ticket: "Ticket", document: "Document", system: "Système" },
  incomplete: "Cette note est incomplète :",
  parts: {
    ticket_history: "historique des tickets",
    documentation: "documentation",
    ip_lookup: "inventaire",
  },
  resolved: "Résolu :",
  noResolution: "Aucune résolution enregistrée.",
  helpedIn: (ids) => `Ce qui a aidé dans ${ids}`,
  from: (title) => `D'après ${title}`,
  isSystem: (id, title) => `${id} est ${title}`,
  evidence: (count, level) =>
    `Appui : ${{ strong: "fort", some: "moyen", weak: "faible" }[level]} (${count} ${count === 1 ? "source" : "sources"}).`,
  helpful: "Cette note a-t-elle été utile ?",
  trace: "trace",
};

const es: Phrases = {
  sections: ["Tickets similares", "Documentación relevante", "Sistemas", "Próximos pasos recomendados"],
  label: (visibility) =>
    `<b>Nota automática de Throughline</b> (${visibility === "private" ? "privada" : "pública"})`,
  byModel: (model) =>
    `Escrita por el modelo ${model} a partir de las fuentes de abajo. Compruébelas antes de actuar.`,
  modelFoundNothing: (model) =>
    `Se preguntó al modelo ${model}, pero no se encontró nada en que basar una nota.`,
  noModel: {
    unconfigured: "No se usó ningún modelo.",
    failed: "No se usó ningún modelo: el modelo configurado falló.",
    price: "No se usó ningún modelo: no se conoce su precio y no se podría respetar el límite de gasto.",
    ticketUsd: "No se usó ningún modelo: se alcanzó el límite de gasto de este ticket.",
    dayUsd: "No se usó ningún modelo: se alcanzó el límite de gasto de hoy.",
    ticketTokens: "No se usó ningún modelo: se alcanzó el límite de tokens de este ticket.",
    dayTokens: "No se usó ningún modelo: se alcanzó el límite de tokens de hoy.",
  },
  quoted: "Lo siguiente se cita de las fuentes de abajo.",
  nothingQuoted: "No se encontró nada que citar.",
  none: {
    ticket: "No se encontró nada: ningún ticket resuelto se parece a este.",
    document: "No se encontró nada: ningún documento corresponde a este ticket.",
    system: "No se encontró nada: el ticket no nombra ninguna dirección del inventario.",
  },
  noSteps: "No se encontró nada en que basar un próximo paso.",
  notSearched: "Búsqueda incompleta, véase abajo.",
  notUsed: "Lo encontrado no se usó.",
  sources: "Fuentes",
  unused: (count) => `Encontradas y no usadas: ${count}`,
  kinds: { ticket: "Ticket", document: "Documento", system: "Sistema" },
  incomplete: "Esta nota está incompleta:",
  parts: { ticket_history: "historial de tickets", documentation: "documentación", ip_lookup: "inventario" },
  resolved: "Resuelto:",
  noResolution: "No consta ninguna resolución.",
  helpedIn: (ids) => `Lo que ayudó en ${ids}`,
  from: (title) => `De ${title}`,
  isSystem: (id, title) => `${id} es ${title}`,
  evidence: (count, level) =>
    `Respaldo: ${{ strong: "fuerte", some: "medio", weak: "débil" }[level]} (${count} ${count === 1 ? "fuente" : "fuentes"}).`,
  helpful: "¿Fue útil esta nota?",
  trace: "traza",
};

const known: Readonly<Record<string, Phrases>> = { en, de, fr, es };

/** English where a language has no words of ours. */
export function phrasesFor(language: string): Phrases {
  return known[primaryOf(language)] ?? en;
}
