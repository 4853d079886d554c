import { describe, expect, it } from 'vitest'
import { AntiphonError } from '../../src/errors.js'
import { assertTopicName, validateTopicName } from '../../src/topic/topic-name.js'

describe('topic name', () => {
  it.each([
    ['one level', 'sport'],
    ['spaces and capitals [section 4.7.3]', 'Accounts Payable'],
    ['a leading slash', '/finance'],
    ['a trailing slash', 'finance/'],
    ['nothing but a slash', '/'],
    ['empty levels', 'a//b'],
    ['a system topic', '$SYS/broker'],
    ['a byte order mark [MQTT-1.5.4-3]', 'a\ufeffb'],
    ['a surrogate pair', 'a😀b'],
    ['65 535 bytes [MQTT-4.7.3-3]', 'x'.repeat(65_535)],
    ['65 535 bytes in fewer characters [MQTT-4.7.3-3]', '€'.repeat(21_845)],
  ])('accepts a topic with %s', (_, topic) => {
    expect(validateTopicName(topic)).toBeUndefined()
    expect(() => assertTopicName(topic)).not.toThrow()
  })

  it.each([
    ['no character', '', '[MQTT-4.7.3-1]'],
    ['NUL', 'a\0b', '[MQTT-4.7.3-2]'],
    ['a wildcard for a level', 'a/+/b', '[MQTT-3.3.2-2]'],
    ['a wildcard for all levels', 'a/#', '[MQTT-3.3.2-2]'],
    ['a wildcard within a level', 'a+', '[MQTT-3.3.2-2]'],
    ['a lone high surrogate', 'a\ud800b', 'U+D800, half a surrogate pair [MQTT-1.5.4-1]'],
    ['a lone low surrogate', 'a\udfff', 'U+DFFF, half a surrogate pair [MQTT-1.5.4-1]'],
    ['a control character', 'a\nb', 'the control character U+000A'],
    ['a late control character', 'a\u009fb', 'the control character U+009F'],
    ['a non-character', 'a\ufdd0b', 'the non-character U+FDD0'],
    ['a non-character of another plane', 'a\u{1fffe}b', 'the non-character U+1FFFE'],
    ['65 536 bytes', 'x'.repeat(65_536), '65536 bytes of UTF-8, at most 65535 are allowed [MQTT-4.7.3-3]'],
    ['65 538 bytes in fewer characters', '€'.repeat(21_846), '65538 bytes of UTF-8'],
    ['another type', 7 as unknown as string, 'it is of type number'],
  ])('rejects a topic with %s', (_, topic, rule) => {
    expect(validateTopicName(topic)).toContain(rule)
  })

  it('assertTopicName throws an error with the value and the rule', () => {
    const error = caught(() => assertTopicName('a/+\u0007'))
    expect(error).toMatchObject({ code: 'invalid-argument', phase: 'before-network', topic: 'a/+\u0007' })
    expect(error.rawMessage).toBe(
      'topic "a/+\\u0007" is invalid: it holds the control character U+0007 (MQTT 5, 1.5.4)',
    )
  })

  it('assertTopicName cuts a long topic in its message', () => {
    expect(caught(() => assertTopicName('x'.repeat(100_000))).message.length).toBeLessThan(250)
  })
})

function caught(action: () => void): AntiphonError {
  try {
    action()
  } catch (error) {
    return AntiphonError.from(error)
  }
  throw new Error('the topic was accepted')
}
