import fc from 'fast-check'

/** One way to corrupt a sequence of packets; `at` and `where` are taken modulo the number of packets or bytes. */
export type Mutation =
  | {
      readonly kind: 'flip' | 'insert' | 'truncate' | 'length'
      readonly at: number
      readonly where: number
      readonly value: number
    }
  | { readonly kind: 'duplicate' | 'drop' | 'huge'; readonly at: number }
  | { readonly kind: 'swap'; readonly at: number; readonly where: number }

const index = fc.nat({ max: 63 })
const byte = fc.nat({ max: 255 })

/** Generates mutations. */
export const mutation: fc.Arbitrary<Mutation> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constantFrom('flip' as const, 'insert' as const, 'truncate' as const, 'length' as const),
      at: index,
      where: index,
      value: byte,
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constantFrom('duplicate' as const, 'drop' as const, 'huge' as const),
      at: index,
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('swap' as const), at: index, where: index }) },
)

/** Returns the packets after a mutation. */
export function mutate(packets: readonly Buffer[], change: Mutation): Buffer[] {
  if (packets.length === 0) return []
  const at = change.at % packets.length
  const target = packets[at] as Buffer
  const before = packets.slice(0, at)
  const after = packets.slice(at + 1)
  switch (change.kind) {
    case 'drop':
      return [...before, ...after]
    case 'duplicate':
      return [...before, target, target, ...after]
    case 'huge':
      return [
        ...before,
        Buffer.concat([target.subarray(0, 1), Buffer.from('ffffff7f', 'hex'), target.subarray(2)]),
        ...after,
      ]
    case 'swap': {
      const swapped = [...packets]
      const other = change.where % packets.length
      swapped[at] = packets[other] as Buffer
      swapped[other] = target
      return swapped
    }
    default:
      return [...before, corrupt(target, change), ...after]
  }
}

function corrupt(
  target: Buffer,
  { kind, where, value }: Extract<Mutation, { readonly value: number }>,
): Buffer {
  const offset = target.length === 0 ? 0 : where % target.length
  switch (kind) {
    case 'truncate':
      return target.subarray(0, offset)
    case 'insert':
      return Buffer.concat([target.subarray(0, offset), Buffer.from([value]), target.subarray(offset)])
    case 'length': {
      const changed = Buffer.from(target)
      if (changed.length > 1) changed[1] = value
      return changed
    }
    case 'flip': {
      const changed = Buffer.from(target)
      if (changed.length > 0) changed[offset] = (changed[offset] as number) ^ (value === 0 ? 0xff : value)
      return changed
    }
  }
}
