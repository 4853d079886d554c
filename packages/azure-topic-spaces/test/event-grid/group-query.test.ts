import { describe, expect, it } from 'vitest'
import { parseGroupQuery, type NamespaceClient } from '../../src/event-grid/index.js'

const client: NamespaceClient = {
  name: 'client1',
  authenticationName: 'Client-One',
  attributes: { type: 'car', sensors: ['motion', 'noise'], floor: 3 },
}

describe('parseGroupQuery', () => {
  it.each<[string, boolean]>([
    ['attributes.type = "car"', true],
    ["attributes.type = 'truck'", false],
    ['attributes.type != "truck"', true],
    ['attributes.type <> "car"', false],
    ['(attributes.sensors = "motion" or attributes.sensors = "humidity") or attributes.type = "x"', true],
    ['attributes.sensors IN ["humidity", "noise"] and attributes.floor <= 5', true],
    ['attributes.sensors != "motion"', false],
    ["authenticationName IN ['Client-One', 'client2']", true],
    ['authenticationName = "client1"', false],
    ['attributes.floor < 3 OR attributes.floor > 3', false],
    ['attributes.floor >= 3 AND attributes.floor <= 3', true],
    ['attributes.floor = 3', true],
    ['attributes.floor = "3"', true],
    ['attributes.floor > -1', true],
    ['attributes.type > 1', false],
    ['attributes.absent = "x"', false],
    ['attributes.absent != "x"', true],
    // `and` binds stronger than `or`.
    ['attributes.type = "car" or attributes.floor = 9 and attributes.floor = 9', true],
    ['(attributes.type = "car" or attributes.floor = 9) and attributes.floor = 9', false],
  ])('evaluates %s as %s', (query, expected) => {
    expect(parseGroupQuery(query)(client)).toBe(expected)
  })

  it.each<[string, string]>([
    ['', 'attributes.<name> or authenticationName instead of the end'],
    ['attributes.type', 'a comparison instead of the end'],
    ['attributes.type = car', 'a text in quotes or a number instead of "car"'],
    ['type = "car"', 'attributes.<name> or authenticationName instead of "type"'],
    [
      'attributes.type = "car" attributes.floor = 3',
      'and, or or the end of the query instead of "attributes.floor"',
    ],
    ['(attributes.type = "car"', ') instead of the end'],
    ['attributes.type IN "car"', '[ instead of "\\"car\\""'],
    ['attributes.type IN ["car"', '] instead of the end'],
    ['attributes.type ~ "car"', 'an operand or operator instead of'],
    ['attributes.type constructor "car"', 'a comparison instead of "constructor"'],
  ])('rejects the query %j and says what it expected', (query, why) => {
    expect(() => parseGroupQuery(query)).toThrow(expect.objectContaining({ code: 'invalid-argument' }))
    expect(() => parseGroupQuery(query)).toThrow(`expected ${why}`)
  })
})
