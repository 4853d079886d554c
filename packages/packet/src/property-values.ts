import type { Cursor } from './cursor.js'
import { PropertyReader, PropertyType } from './property-reader.js'
import { interner } from './publish-properties.js'

/** The names of the fields that properties are decoded into, by identifier. */
export type PropertyNames<Properties> = Readonly<Record<number, keyof Properties & string>>

const reader = new PropertyReader()

/**
 * Decodes the properties at the cursor into an object, for packets that occur once per connection. User Properties become
 * `userProperties`, in their order. Throws a `PacketError` if one breaks a rule.
 */
export function readPropertyValues<Properties extends object>(
  cursor: Cursor,
  context: number,
  names: PropertyNames<Properties>,
): Properties {
  const values: Record<string, unknown> = {}
  const userProperties: (readonly [string, string])[] = []
  reader.open(cursor, context)
  while (reader.next()) {
    reader.check()
    const name = names[reader.id]
    if (reader.type === PropertyType.pair) userProperties.push(readPair(cursor.bytes))
    else if (name !== undefined) values[name] = valueIn(cursor.bytes)
  }
  if (userProperties.length > 0) values['userProperties'] = userProperties
  return values as Properties
}

function readPair(bytes: Uint8Array): readonly [string, string] {
  return [textIn(bytes, reader.nameStart, reader.nameEnd), textIn(bytes, reader.start, reader.end)]
}

function valueIn(bytes: Uint8Array): unknown {
  switch (reader.type) {
    case PropertyType.flag:
      return reader.value === 1
    case PropertyType.text:
      return textIn(bytes, reader.start, reader.end)
    case PropertyType.binary:
      return bytes.slice(reader.start, reader.end)
    default:
      return reader.value
  }
}

/** Decodes a string that `check` has accepted. */
function textIn(bytes: Uint8Array, start: number, end: number): string {
  return interner.read(bytes, start, end) as string
}
