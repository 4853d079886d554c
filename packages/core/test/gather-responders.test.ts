import { endpoint, gather$, text, type GatherOptions, type UserProperties } from '@antiphon/core'
import { isLeft } from 'fp-ts/lib/Either.js'
import { map } from 'rxjs'
import { describe, expect, it } from 'vitest'
import { observe, respondOn, responseTo } from './observed.js'
import { inWorld } from './world.js'

const census = endpoint({ topic: 'census', request: text, response: text })

/** Returns what `gather$` emits for responses with these properties, and after how many milliseconds it completes. */
function gather(
  properties: readonly UserProperties[],
  options: GatherOptions,
): { readonly values: readonly string[]; readonly tookTimeout: boolean } {
  let result: ReturnType<typeof gather> | undefined
  inWorld((world) => {
    respondOn(world, 'census', (request) =>
      properties.map((userProperties, index) => responseTo(request, `${index}`, { userProperties })),
    )
    world.advance(10)
    const responses$ = gather$(world.link('requester'), census, 'x', { timeout: 1_000, ...options })
    const responses = observe(
      world,
      responses$.pipe(map((response) => (isLeft(response) ? response.left.code : response.right))),
    )
    world.advance(2_000)
    expect(responses.ending()).toBe('complete')
    result = { values: responses.values, tookTimeout: (responses.endedAt() ?? NaN) >= 1_000 }
  })
  return result as NonNullable<typeof result>
}

const from = (name: string, ...more: UserProperties): UserProperties => [['__srcId', name], ...more]

describe('responders of gather$', () => {
  it('completes when each expected responder has responded, also with a failure', () => {
    const properties = [from('a'), from('b', ['__stat', '500']), from('c')]
    expect(gather(properties, { responders: ['b', 'a'] })).toEqual({
      values: ['0', 'status'],
      tookTimeout: false,
    })
  })

  it('emits responses of others, and counts a responder once', () => {
    const properties = [from('a'), from('x'), from('a'), [], from('b')]
    expect(gather(properties, { responders: ['a', 'b'] })).toEqual({
      values: ['0', '1', '2', '3', '4'],
      tookTimeout: false,
    })
  })

  it('waits for the timeout if an expected responder is missing', () => {
    expect(gather([from('a')], { responders: ['a', 'b'] })).toEqual({ values: ['0'], tookTimeout: true })
  })

  it('reads the name of a responder with responderOf', () => {
    const properties: readonly UserProperties[] = [[['car', 'a']], [['car', 'b']], [['car', 'c']]]
    const options: GatherOptions = {
      responders: ['a', 'b'],
      responderOf: ({ userProperties }) => userProperties?.[0]?.[1],
    }
    expect(gather(properties, options)).toEqual({ values: ['0', '1'], tookTimeout: false })
  })

  it('counts a response for no responder if responderOf throws', () => {
    const options: GatherOptions = {
      responders: ['a'],
      responderOf: () => {
        throw new Error('no name')
      },
    }
    expect(gather([from('a')], options)).toEqual({ values: ['0'], tookTimeout: true })
  })

  it.each([[[]], ['a'], [[1]]])('throws on %j', (responders) => {
    inWorld((world) => {
      expect(() => gather$(world.link('a'), census, 'x', { responders } as unknown as GatherOptions)).toThrow(
        'it must be an array of at least one name',
      )
    })
  })
})
