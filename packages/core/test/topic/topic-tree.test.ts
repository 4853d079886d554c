import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isMatch } from '../../src/topic/is-match.js'
import { TopicTree } from '../../src/topic/topic-tree.js'
import { runs } from '../codec/runs.js'
import { anyFilters, topics } from './arbitraries.js'

const changes = fc.array(fc.record({ isSet: fc.boolean(), topic: topics, value: fc.nat() }), {
  maxLength: 60,
})

function selected<V>(tree: TopicTree<V>, filter: string): [string, V][] {
  const found: [string, V][] = []
  tree.matchFilter(filter, (value, topic) => found.push([topic, value]))
  return found.sort()
}

/** Searches a tree step by step, and calls `change` after each step. */
function searched(tree: TopicTree<string>, filter: string, change: () => void): string[] {
  const found: string[] = []
  const search = tree.search(filter)
  while (!search.isComplete) {
    const topic = search.next()
    if (topic !== undefined) found.push(topic)
    change()
  }
  return found
}

describe('TopicTree', () => {
  it('iterates over all topics, also those that begin with $', () => {
    const tree = new TopicTree<number>()
    for (const [index, topic] of ['a', '$b', 'c/d'].entries()) tree.set(topic, index)
    tree.delete('a')
    expect([...tree]).toEqual([
      ['$b', 1],
      ['c/d', 2],
    ])
  })

  it('finds the same topics by filter as a scan of a map', () => {
    fc.assert(
      fc.property(changes, anyFilters, (changesMade, filter) => {
        const tree = new TopicTree<number>()
        const map = new Map<string, number>()
        for (const { isSet, topic, value } of changesMade) {
          if (!isSet) expect(tree.delete(topic)).toBe(map.delete(topic))
          else {
            tree.set(topic, value)
            map.set(topic, value)
          }
          expect(tree.get(topic)).toBe(map.get(topic))
        }
        expect(tree.size).toBe(map.size)
        expect(selected(tree, filter)).toEqual([...map].filter(([topic]) => isMatch(filter, topic)).sort())
      }),
      runs,
    )
  })

  it('finds the same topics by a search in steps as at once', () => {
    fc.assert(
      fc.property(changes, anyFilters, (changesMade, filter) => {
        const tree = new TopicTree<string>()
        for (const { isSet, topic } of changesMade) {
          if (isSet) tree.set(topic, topic)
          else tree.delete(topic)
        }
        expect(searched(tree, filter, () => undefined).sort()).toEqual(
          selected(tree, filter)
            .map(([topic]) => topic)
            .sort(),
        )
      }),
      runs,
    )
  })

  it('finds each topic that stays in the tree once by a search during which others are added and removed', () => {
    fc.assert(
      fc.property(fc.uniqueArray(topics), changes, anyFilters, (lasting, changesMade, filter) => {
        const tree = new TopicTree<string>()
        for (const topic of lasting) tree.set(topic, topic)
        const temporary = changesMade.filter(({ topic }) => !lasting.includes(topic))
        for (const { topic } of temporary.splice(0, temporary.length / 2)) tree.set(topic, topic)
        const found = searched(tree, filter, () => {
          const change = temporary.pop()
          if (change?.isSet === true) tree.set(change.topic, change.topic)
          else if (change !== undefined) tree.delete(change.topic)
        })
        expect(found.filter((topic) => lasting.includes(topic)).sort()).toEqual(
          lasting.filter((topic) => isMatch(filter, topic)).sort(),
        )
      }),
      runs,
    )
  })

  it('allows changes by a visitor', () => {
    const tree = new TopicTree<number>()
    tree.set('a/b', 1)
    tree.set('a/c', 2)
    const visited: string[] = []
    tree.matchFilter('a/+', (value, topic) => {
      visited.push(topic)
      tree.delete('a/b')
      tree.delete('a/c')
      tree.set(`a/${value}`, value)
    })
    expect(visited.sort()).toEqual(['a/b', 'a/c'])
    expect(selected(tree, '#')).toEqual([
      ['a/1', 1],
      ['a/2', 2],
    ])
  })

  it('rejects invalid topics and filters', () => {
    const tree = new TopicTree<number>()
    expect(() => tree.set('a/+', 1)).toThrow('[MQTT-3.3.2-2]')
    expect(() => tree.matchFilter('a/#/b', () => undefined)).toThrow('[MQTT-4.7.1-1]')
    expect([tree.get('a/+'), tree.delete('a/+'), tree.size]).toEqual([undefined, false, 0])
  })

  it('supports topics of 65 000 levels', () => {
    const tree = new TopicTree<string>()
    const deepest = '/'.repeat(65_001)
    tree.set(deepest, 'deepest')
    tree.set('/'.repeat(65_000), 'above')
    expect(selected(tree, '#').map(([, value]) => value)).toEqual(['above', 'deepest'])
    expect(selected(tree, '/'.repeat(64_999) + '+/#')).toHaveLength(2)
    expect(selected(tree, '/'.repeat(64_999) + '+/+')).toHaveLength(1)
    expect(tree.delete(deepest)).toBe(true)
    expect(selected(tree, '/#')).toHaveLength(1)
  })
})
