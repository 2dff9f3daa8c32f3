/** Errors of backup and restore; part of the one error table. */
export const backupErrors = {
  TL_BACKUP_FAILED: {
    status: null,
    title: "The backup or the restore did not come to its end",
    remedy: "Mend what the message names and run it again on an empty directory; what runs was not changed.",
  },
  TL_BACKUP_TARGET: {
    status: null,
    title: "A backup cannot be written to this directory",
    remedy: "Name a directory that is empty or not there, on a disk with room.",
  },
  TL_BACKUP_UNUSABLE: {
    status: null,
    title: "The directory holds no whole backup that this version can read",
    remedy: "Take another backup, or the version of Throughline that wrote it.",
  },
  TL_PROGRAM_MISSING: {
    status: null,
    title: "A program of PostgreSQL or Redis that this needs is not there",
    remedy: "Install the package that the message names.",
  },
  TL_RESTORE_KEY: {
    status: null,
    title: "The key of the tenants' secrets is not there",
    remedy: "Name the tenants.key that was kept apart with --key-file, or set THROUGHLINE_TENANTS_KEY.",
  },
  TL_RESTORE_TARGET: {
    status: null,
    title: "A backup cannot be put here: something is kept there already",
    remedy: "Stop what runs, and name an empty data directory, database and Redis.",
  },
  TL_SNAPSHOT_UNKNOWN: {
    status: null,
    title: "There is no such snapshot of an earlier schema",
    remedy: "See `throughline rollback --list`; a backup can be restored by the version that wrote it.",
  },
} as const;
