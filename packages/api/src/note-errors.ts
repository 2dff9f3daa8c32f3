/** Rows of the error table about notes, their drafts and what people say of them. */
export const noteErrors = {
  TL_DRAFT_DECIDED: {
    status: 409,
    title: "The draft was decided already, or is no draft",
    remedy: "See what became of it: GET /admin/api/enhancements/{id}.",
  },
  TL_DRAFT_OUTDATED: {
    status: 409,
    title: "The draft cannot be written as things stand",
    remedy:
      "See the reason; discard it, or send the ticket through again with `throughline jobs rerun ID --force`.",
  },
  TL_ENHANCEMENT_NOT_FOUND: {
    status: 404,
    title: "No such enhancement",
    remedy:
      "List them with `throughline drafts list` or GET /admin/api/enhancements; retention or an erasure may have taken it.",
  },
  TL_FEEDBACK_FULL: {
    status: 409,
    title: "This note takes no more feedback",
    remedy: "Nothing: what was given is kept.",
  },
  TL_FEEDBACK_LINK_INVALID: {
    status: 404,
    title: "The feedback link is not good",
    remedy: "Use the link as it stands in the note, whole.",
  },
} as const;
