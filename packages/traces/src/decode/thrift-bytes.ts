/** For tests: Thrift bytes written by hand, apart from what reads them. */

type Value = readonly [type: keyof typeof binaryTypes, value: unknown];
/** Fields of a struct by id. */
export type Fields = readonly (readonly [id: number, ...value: Value])[];

const binaryTypes = {
  bool: 2,
  double: 4,
  i16: 6,
  i32: 8,
  i64: 10,
  string: 11,
  struct: 12,
  list: 15,
} as const;
const compactTypes = { bool: 1, double: 7, i16: 4, i32: 5, i64: 6, string: 8, struct: 12, list: 9 } as const;

function u8(...bytes: number[]): Buffer {
  return Buffer.from(bytes);
}

function be(bytes: number, value: bigint): Buffer {
  return Buffer.from(
    BigInt.asUintN(bytes * 8, value)
      .toString(16)
      .padStart(bytes * 2, "0"),
    "hex",
  );
}

/** `list` values: `[elementType, elements]`. */
export function binaryStruct(fields: Fields): Buffer {
  return Buffer.concat([
    ...fields.map(([id, type, value]) =>
      Buffer.concat([u8(binaryTypes[type]), be(2, BigInt(id)), binaryValue([type, value])]),
    ),
    u8(0),
  ]);
}

export function binaryValue([type, value]: Value): Buffer {
  switch (type) {
    case "bool":
      return u8(value === true ? 1 : 0);
    case "double": {
      const bytes = Buffer.alloc(8);
      bytes.writeDoubleBE(value as number);
      return bytes;
    }
    case "i16":
      return be(2, BigInt(value as number));
    case "i32":
      return be(4, BigInt(value as number));
    case "i64":
      return be(8, value as bigint);
    case "string": {
      const text = Buffer.isBuffer(value) ? value : Buffer.from(value as string, "utf8");
      return Buffer.concat([be(4, BigInt(text.length)), text]);
    }
    case "struct":
      return binaryStruct(value as Fields);
    case "list": {
      const [element, items] = value as [keyof typeof binaryTypes, unknown[]];
      return Buffer.concat([
        u8(binaryTypes[element]),
        be(4, BigInt(items.length)),
        ...items.map((item) => binaryValue([element, item])),
      ]);
    }
  }
}

/** `type`: 1 call, 4 one-way. */
export function binaryMessage(name: string, type: number, args: Fields): Buffer {
  return Buffer.concat([
    be(4, BigInt(0x8001_0000 + type)),
    binaryValue(["string", name]),
    be(4, 7n),
    binaryStruct(args),
  ]);
}

/** The form without a version word. */
export function oldBinaryMessage(name: string, type: number, args: Fields): Buffer {
  return Buffer.concat([binaryValue(["string", name]), u8(type), be(4, 7n), binaryStruct(args)]);
}

function varint(value: bigint): Buffer {
  const bytes: number[] = [];
  let left = BigInt.asUintN(64, value);
  while (left >= 0x80n) {
    bytes.push(Number(left & 0x7fn) | 0x80);
    left >>= 7n;
  }
  return u8(...bytes, Number(left));
}

function zigzag(unsigned: bigint): Buffer {
  const value = BigInt.asIntN(64, unsigned);
  return varint((value << 1n) ^ (value >> 63n));
}

function compactStruct(fields: Fields): Buffer {
  let last = 0;
  const parts = fields.map(([id, type, value]) => {
    const code = type === "bool" && value !== true ? 2 : compactTypes[type];
    const delta = id - last;
    last = id;
    const head =
      delta > 0 && delta < 16 ? u8((delta << 4) | code) : Buffer.concat([u8(code), zigzag(BigInt(id))]);
    return Buffer.concat([head, type === "bool" ? Buffer.alloc(0) : compactValue([type, value])]);
  });
  return Buffer.concat([...parts, u8(0)]);
}

function compactValue([type, value]: Value): Buffer {
  switch (type) {
    case "bool":
      return u8(value === true ? 1 : 2);
    case "double": {
      const bytes = Buffer.alloc(8);
      bytes.writeDoubleLE(value as number);
      return bytes;
    }
    case "i16":
    case "i32":
      return zigzag(BigInt(value as number));
    case "i64":
      return zigzag(value as bigint);
    case "string": {
      const text = Buffer.isBuffer(value) ? value : Buffer.from(value as string, "utf8");
      return Buffer.concat([varint(BigInt(text.length)), text]);
    }
    case "struct":
      return compactStruct(value as Fields);
    case "list": {
      const [element, items] = value as [keyof typeof compactTypes, unknown[]];
      const code = compactTypes[element];
      const head =
        items.length < 15
          ? u8((items.length << 4) | code)
          : Buffer.concat([u8(0xf0 | code), varint(BigInt(items.length))]);
      return Buffer.concat([head, ...items.map((item) => compactValue([element, item]))]);
    }
  }
}

export function compactMessage(name: string, type: number, args: Fields): Buffer {
  return Buffer.concat([
    u8(0x82, 1 | (type << 5)),
    varint(7n),
    compactValue(["string", name]),
    compactStruct(args),
  ]);
}
