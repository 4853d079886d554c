import { describe, expect, it } from 'vitest'
import { clientsIn, faultForms, toFaultScript, type FaultKind } from '../../playground/fault-rows.js'
import { fromFragment, hasProgram, toFragment } from '../../playground/shared-program.js'

const program = {
  source: `console.log('22.5 °C ✓ \u{1f321}')`,
  latency: 5,
  faults: [{ kind: 'cut', at: 60, client: 'display', by: 200 }],
} as const

const fragmentOf = (value: unknown) => toFragment(value as typeof program)

describe('a program in the fragment of a URL', () => {
  it('is read as it was written', () => {
    const fragment = toFragment(program)
    expect(fragment).toMatch(/^#code=[\w-]+$/)
    expect(fromFragment(fragment)).toEqual(program)
  })

  it.each(['', '#hello', '#codes=x'])('is not in %o', (fragment) => {
    expect([hasProgram(fragment), fromFragment(fragment)]).toEqual([false, undefined])
  })

  it.each([
    ['no base64', '#code=%%%'],
    ['no JSON', '#code=abcd'],
    ['no object', `#code=${btoa('null')}`],
    ['no source', fragmentOf({ ...program, source: 1 })],
    ['a source of more than 20 000 characters', fragmentOf({ ...program, source: ' '.repeat(20_001) })],
    ['a negative latency', fragmentOf({ ...program, latency: -1 })],
    ['no list of faults', fragmentOf({ ...program, faults: 'none' })],
    [
      'too many faults',
      fragmentOf({ ...program, faults: Array.from({ length: 21 }, () => program.faults[0]) }),
    ],
    ['a fault that is null', fragmentOf({ ...program, faults: [null] })],
    [
      'a fault of unknown kind',
      fragmentOf({ ...program, faults: [{ ...program.faults[0], kind: 'toString' }] }),
    ],
    [
      'a fault of a client that is no text',
      fragmentOf({ ...program, faults: [{ ...program.faults[0], client: 1 }] }),
    ],
    ['a fault after the end', fragmentOf({ ...program, faults: [{ ...program.faults[0], at: 60_001 }] })],
  ])('is refused if it has %s', (_, fragment) => {
    expect(hasProgram(fragment)).toBe(true)
    expect(fromFragment(fragment)).toBeUndefined()
  })
})

describe('toFaultScript', () => {
  const row = { at: 10, client: 'display', by: 100 }

  it('names the client and the direction of a message', () => {
    expect(
      toFaultScript([
        { ...row, kind: 'lose-to' },
        { ...row, kind: 'lose-from' },
      ]),
    ).toEqual([
      { at: 10, fault: { kind: 'drop', direction: 'to-client', clientId: 'display' } },
      { at: 10, fault: { kind: 'drop', direction: 'from-client', clientId: 'display' } },
    ])
  })

  it('restores a connection that is cut', () => {
    expect(toFaultScript([{ ...row, kind: 'cut' }])).toEqual([
      { at: 10, fault: { kind: 'cut', clientId: 'display' } },
      { at: 110, fault: { kind: 'restore', clientId: 'display' } },
    ])
  })

  it('affects every client if none is chosen', () => {
    const kinds = Object.keys(faultForms) as FaultKind[]
    const script = toFaultScript(kinds.map((kind) => ({ ...row, kind, client: '' })))
    expect(script.map(({ fault }) => fault.kind)).toEqual([
      ...['drop', 'drop', 'duplicate', 'delay', 'cut', 'restore', 'slow', 'restart'],
    ])
    for (const { fault } of script) expect(fault).not.toHaveProperty('clientId')
  })
})

it('finds the client ids in a program', () => {
  const source = `connect(url, { clientId: 'a' }); connect(url, { clientId: "b" }); connect(url, { clientId: 'a' })`
  expect(clientsIn(source)).toEqual(['a', 'b'])
})
