/** Shown by `--version` and on every span as `service.version`; a test keeps it equal to package.json. */
export const version = "0.1.0";
