import { describe, expect, it } from 'vitest'
import { inWorld, type World } from './world.js'

const prefix = '$aws/things/lamp/shadow'

/** Sends an update without the library, and returns the accepted document. */
function update({ publish, received }: World, state: unknown, fields: object = {}): unknown {
  publish(`${prefix}/update`, { state, ...fields })
  return received(`${prefix}/update/accepted`)[0]
}

describe('the shadows of the local service', () => {
  it('answers an empty message, as the documentation of AWS shows it', () => {
    inWorld((world) => {
      const { publish, received, handled } = world
      publish(`${prefix}/get`, '')
      expect(received(`${prefix}/get/rejected`)).toEqual([
        { code: 404, message: "No shadow exists with name: 'lamp'", timestamp: 0 },
      ])
      update(world, { reported: { on: true } })
      publish(`${prefix}/get`, '')
      expect(received(`${prefix}/get/accepted`)).toEqual([
        {
          state: { reported: { on: true } },
          metadata: { reported: { on: { timestamp: 0 } } },
          version: 1,
          timestamp: 0,
        },
      ])
      publish(`${prefix}/delete`, '')
      expect(received(`${prefix}/delete/accepted`)).toEqual([{ version: 1, timestamp: 0 }])
      publish(`${prefix}/delete`, '')
      expect(received(`${prefix}/delete/rejected`)).toMatchObject([{ code: 404 }])
      expect(handled.map(({ rejected }) => rejected)).toEqual([404, undefined, undefined, undefined, 404])
    })
  })

  it('merges objects, replaces arrays and removes what is null, with the time of each change', () => {
    inWorld((world) => {
      const { service, advance } = world
      update(world, { desired: { color: { r: 1, g: 2 }, tags: ['a', 'b'], on: true } })
      advance(5_000)
      const accepted = update(
        world,
        { desired: { color: { r: 9 }, tags: ['c'], on: null } },
        { clientToken: 't' },
      )
      expect(accepted).toEqual({
        state: { desired: { color: { r: 9 }, tags: ['c'], on: null } },
        metadata: { desired: { color: { r: { timestamp: 5 } }, tags: { timestamp: 5 } } },
        version: 2,
        timestamp: 5,
        clientToken: 't',
      })
      expect(service.shadow({ thing: 'lamp' })).toMatchObject({
        state: { desired: { color: { r: 9, g: 2 }, tags: ['c'] } },
        metadata: {
          desired: { color: { r: { timestamp: 5 }, g: { timestamp: 0 } }, tags: { timestamp: 5 } },
        },
      })
      update(world, { desired: { color: 'red' } })
      update(world, { desired: { color: { b: 3 } } })
      expect(service.shadow({ thing: 'lamp' })?.state.desired).toEqual({ color: { b: 3 }, tags: ['c'] })
      update(world, { desired: null, reported: { on: true } })
      expect(service.shadow({ thing: 'lamp' })?.state).toEqual({ reported: { on: true } })
    })
  })

  it('takes __proto__ for a name like any other', () => {
    inWorld((world) => {
      const { publish, service } = world
      publish(`${prefix}/update`, '{"state":{"reported":{"__proto__":{"on":true}}}}')
      const { reported = {} } = service.shadow({ thing: 'lamp' })?.state ?? {}
      expect(Object.keys(reported)).toEqual(['__proto__'])
      expect(({} as { readonly on?: unknown }).on).toBeUndefined()
    })
  })

  it.each([
    ['a value that is not reported', { a: 1 }, {}, { a: 1 }],
    ['another value', { a: 1, b: 2 }, { a: 1, b: 3 }, { b: 2 }],
    ['another array', { a: [1, 2] }, { a: [2, 1] }, { a: [1, 2] }],
    ['a value in an object', { a: { b: 1, c: 2 } }, { a: { b: 1, c: 3 } }, { a: { c: 2 } }],
    ['an object in place of a value', { a: { b: 1 } }, { a: 1 }, { a: { b: 1 } }],
    ['a value in place of an object', { a: 1 }, { a: { b: 1 } }, { a: 1 }],
  ])('publishes a delta for %s', (_, desired, reported, delta) => {
    inWorld((world) => {
      const { publish, received } = world
      publish(`${prefix}/update`, { state: { desired, reported }, clientToken: 't' })
      expect(received(`${prefix}/update/delta`)).toMatchObject([
        { state: delta, version: 1, timestamp: 0, clientToken: 't' },
      ])
    })
  })

  it.each([
    ['equal sections', { a: { b: [1] } }, { a: { b: [1] } }],
    ['what is only reported', {}, { a: 1 }],
    ['no section', undefined, undefined],
  ])('publishes no delta for %s', (_, desired, reported) => {
    inWorld(({ publish, received }) => {
      publish(`${prefix}/update`, { state: { desired, reported } })
      expect(received(`${prefix}/update/delta`)).toEqual([])
    })
  })

  it('publishes a delta when a desired value is no longer reported', () => {
    inWorld((world) => {
      const { publish, received } = world
      update(world, { desired: { on: true }, reported: { on: true } })
      publish(`${prefix}/update`, { state: { reported: { on: null } } })
      expect(received(`${prefix}/update/delta`)).toMatchObject([{ state: { on: true } }])
    })
  })

  it('continues the versions of a removed shadow for 48 hours', () => {
    inWorld((world) => {
      const { publish, advance } = world
      update(world, { reported: { on: true } })
      update(world, { reported: { on: false } })
      publish(`${prefix}/delete`, '')
      expect(update(world, { reported: { on: true } })).toMatchObject({ version: 3 })
      publish(`${prefix}/delete`, '')
      advance(49 * 3_600_000)
      expect(update(world, { reported: { on: true } }, { version: 0 })).toMatchObject({ version: 1 })
    })
  })

  const deep = (levels: number): object => (levels === 0 ? {} : { a: deep(levels - 1) })
  it.each([
    [400, 'Invalid JSON', '{'],
    [400, 'Invalid JSON', '[]'],
    [400, 'Missing required node: state', {}],
    [400, 'State node must be an object', { state: null }],
    [400, 'State node must be an object', { state: [] }],
    [400, 'Desired node must be an object', { state: { desired: 1 } }],
    [400, 'Reported node must be an object', { state: { reported: [] } }],
    [400, "State contains an invalid node: 'wanted'", { state: { wanted: {} } }],
    [400, 'State contains an invalid node', { state: { desired: { a: [[null]] } } }],
    [400, 'Invalid version', { state: {}, version: '1' }],
    [400, 'Invalid version', { state: {}, version: 1.5 }],
    [400, 'Invalid clientToken', { state: {}, clientToken: 1 }],
    [400, 'Invalid clientToken', { state: {}, clientToken: 'ä'.repeat(33) }],
    [400, 'JSON contains too many levels of nesting; maximum is 6', { state: { desired: deep(7) } }],
    [409, 'Version conflict', { state: {}, version: 1 }],
    [413, 'The payload exceeds the maximum size allowed', { state: { desired: { a: 'x'.repeat(8_200) } } }],
    [415, 'Unsupported documented encoding; supported encoding is UTF-8', Uint8Array.of(0xff)],
  ])('rejects with %d %s: %o', (code, message, payload) => {
    inWorld(({ publish, received, handled }) => {
      publish(`${prefix}/update`, payload)
      expect(received(`${prefix}/update/rejected`)).toEqual([{ code, message, timestamp: 0 }])
      expect(handled).toEqual([{ topic: `${prefix}/update`, rejected: code }])
      publish(`${prefix}/update`, { state: { desired: deep(6) } })
      expect(received(`${prefix}/update/accepted`)).toHaveLength(1)
    })
  })
})
