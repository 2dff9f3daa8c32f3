import type {
  AnyDefinition,
  EnumTypeDefinition,
  MessageTypeDefinition,
  PackageDefinition,
} from "@grpc/proto-loader";
import descriptor, {
  type IDescriptorProto,
  type IFileDescriptorProto,
} from "protobufjs/ext/descriptor/index.js";

const { FileDescriptorProto } = descriptor;

/**
 * The definition with files that name what they import. The loader makes one file of each package and leaves the imports out, so that
 * a client of server reflection (grpcurl, generated ones) could not resolve a type of another package.
 */
export function withImports(definition: PackageDefinition): PackageDefinition {
  const files = new Map<string, IFileDescriptorProto>();
  for (const entry of Object.values(definition)) {
    for (const bytes of isType(entry) ? entry.fileDescriptorProtos : []) {
      const file = FileDescriptorProto.decode(bytes) as IFileDescriptorProto;
      if (file.name !== undefined) files.set(file.name, file);
    }
  }
  const home = new Map<string, string>();
  for (const { name = "", package: scope = "", messageType, enumType } of files.values()) {
    for (const type of [...(messageType ?? []), ...(enumType ?? [])]) home.set(`${scope}.${type.name}`, name);
  }
  const whole = Array.from(files.values(), (file) => {
    const imported = new Set(
      references(file).flatMap((reference) => homeOf(reference, file.package ?? "", home) ?? []),
    );
    imported.delete(file.name ?? "");
    return Buffer.from(FileDescriptorProto.encode({ ...file, dependency: [...imported].sort() }).finish());
  });
  return Object.fromEntries(
    Object.entries(definition).map(([name, entry]) => [
      name,
      isType(entry) ? { ...entry, fileDescriptorProtos: whole } : entry,
    ]),
  );
}

/** The entries beside the services. */
function isType(entry: AnyDefinition): entry is MessageTypeDefinition<object, object> | EnumTypeDefinition {
  return Array.isArray(entry.fileDescriptorProtos);
}

function references({ messageType = [], service = [] }: IFileDescriptorProto): string[] {
  const ofMessage = ({ field = [], nestedType = [] }: IDescriptorProto): string[] => [
    ...field.flatMap(({ typeName }) => typeName ?? []),
    ...nestedType.flatMap(ofMessage),
  ];
  const ofMethods = service.flatMap(({ method = [] }) =>
    method.flatMap(({ inputType, outputType }) => [inputType ?? [], outputType ?? []].flat()),
  );
  return [...messageType.flatMap(ofMessage), ...ofMethods];
}

/** The file of a type: a name with a dot before it is absolute, any other is looked for from the package outwards. */
function homeOf(reference: string, scope: string, home: ReadonlyMap<string, string>): string | undefined {
  if (reference.startsWith(".")) return ofTopLevel(reference.slice(1), home);
  for (let at = scope; at !== ""; at = at.slice(0, Math.max(0, at.lastIndexOf(".")))) {
    const found = ofTopLevel(`${at}.${reference}`, home);
    if (found !== undefined) return found;
  }
  return ofTopLevel(reference, home);
}

/** A nested type is where the outermost one is. */
function ofTopLevel(name: string, home: ReadonlyMap<string, string>): string | undefined {
  for (let at = name; at !== ""; at = at.slice(0, Math.max(0, at.lastIndexOf(".")))) {
    const found = home.get(at);
    if (found !== undefined) return found;
  }
  return undefined;
}
