import { describe, expect, it } from 'vitest'
import {
  ambiguousToken,
  requireOpenTokens,
  requireTopicPattern,
  toParams,
  topicPattern,
  toTokens,
  type TopicPatternParts,
} from '../src/topic-pattern.js'

const resolve = (parts: Partial<TopicPatternParts>): ReturnType<typeof topicPattern> =>
  topicPattern({
    property: 'requestTopicPattern',
    pattern: 'a',
    topicNamespace: undefined,
    topicTokens: {},
    ...parts,
  })

const errorOf = (run: () => unknown): unknown => {
  try {
    run()
  } catch (error) {
    return error
  }
  return undefined
}

describe('topicPattern', () => {
  it('replaces the tokens that have a value and puts the namespace first', () => {
    const pattern = '{modelId}/commands/{ex:line}/{executorId}'
    expect(
      resolve({
        pattern,
        topicNamespace: 'plant/west',
        topicTokens: { modelId: 'dtmi:press;1', 'ex:line': 'north/7' },
      }),
    ).toEqual({
      template: 'plant/west/dtmi:press;1/commands/north/7/{executorId}',
      filterTemplate: 'plant/west/dtmi:press;1/commands/north/7/+',
      parameters: ['executorId'],
      openTokens: ['executorId'],
    })
  })

  it('names each further occurrence of a token, because core knows each name once', () => {
    const { template, filterTemplate, parameters, openTokens } = resolve({
      pattern: 'a/{executorId}/{executorId}/{invokerClientId}',
    })
    expect([template, filterTemplate]).toEqual([
      'a/{executorId}/{executorId.2}/{invokerClientId}',
      'a/+/+/{invokerClientId}',
    ])
    expect([parameters, openTokens]).toEqual([
      ['executorId', 'executorId.2', 'invokerClientId'],
      ['executorId', 'invokerClientId'],
    ])
    const params = toParams(parameters, { executorId: 'e', invokerClientId: 'i' })
    expect(params).toEqual({ executorId: 'e', 'executorId.2': 'e', invokerClientId: 'i' })
    expect(toTokens(params)).toEqual({ executorId: 'e', invokerClientId: 'i' })
    expect(ambiguousToken(params)).toBeUndefined()
    expect(ambiguousToken({ ...params, 'executorId.2': 'f' })).toBe('executorId')
  })

  it.each([
    ['', 'it must be a string that is not empty'],
    ['$share/a', 'it starts with $'],
    ['a//b', 'level "" must be printable ASCII'],
    ['a/b c', 'level "b c" must be printable ASCII'],
    ['a/+', 'level "+" must be printable ASCII'],
    ['a/x{b}', 'level "x{b}" must be printable ASCII'],
    ['a/{in/valid}', 'level "{in" must be printable ASCII'],
    ['a/{ex:}', 'level "{ex:}" must be printable ASCII'],
    ['a/ü', 'level "ü" must be printable ASCII'],
  ])('rejects the pattern "%s"', (pattern, reason) => {
    expect(errorOf(() => resolve({ pattern }))).toMatchObject({
      kind: 'invalid-configuration',
      isShallow: true,
      propertyName: 'requestTopicPattern',
      propertyValue: pattern,
      message: expect.stringContaining(reason) as string,
    })
  })

  it('rejects a pattern that is no string', () => {
    expect(errorOf(() => requireTopicPattern('topicPattern', 7))).toMatchObject({
      rawMessage: 'topicPattern is 7: it must be a string that is not empty',
    })
  })

  it.each(['', 'a//b', '/a', 'a/', 'a/{b}', '$a', 'a b'])('rejects the namespace "%s"', (topicNamespace) => {
    expect(errorOf(() => resolve({ topicNamespace }))).toMatchObject({
      propertyName: 'topicNamespace',
      propertyValue: topicNamespace,
    })
  })

  it('rejects an invalid value of a token', () => {
    const invalid = { pattern: 'a/{modelId}', topicTokens: { modelId: 'a#b' } }
    expect(errorOf(() => resolve(invalid))).toMatchObject({
      propertyName: 'modelId',
      propertyValue: 'a#b',
      rawMessage: expect.stringContaining('topic token {modelId} is "a#b"') as string,
    })
  })
})

describe('requireOpenTokens', () => {
  it('accepts one level for each open token', () => {
    expect(errorOf(() => requireOpenTokens(['a'], { a: 'x', b: '' }))).toBeUndefined()
  })

  it.each([
    [{}, 'topic token {a} has no value: pass it in topicTokens'],
    [{ a: '+' }, 'topic token {a} is "+": its levels must be printable ASCII'],
    [{ a: 'x/y' }, 'a value for one message has no /'],
  ])('rejects %o', (tokens, reason) => {
    expect(errorOf(() => requireOpenTokens(['a'], tokens))).toMatchObject({
      propertyName: 'a',
      message: expect.stringContaining(reason) as string,
    })
  })
})
