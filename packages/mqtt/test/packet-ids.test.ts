import { describe, expect, it } from 'vitest'
import { PacketIds } from '../src/packet-ids.js'

describe('PacketIds', () => {
  it('gives every identifier once, and none when all are in use', () => {
    const ids = new PacketIds()
    const taken = Array.from({ length: 65_535 }, () => ids.take())
    expect(new Set(taken)).toEqual(new Set(Array.from({ length: 65_535 }, (_, place) => place + 1)))
    expect(ids.take()).toBeUndefined()
    ids.free(77)
    expect(ids.take()).toBe(77)
    expect(ids.take()).toBeUndefined()
    ids.clear()
    expect(ids.take()).toBe(78)
  })

  it('gives a freed one again only after a full turn, so that a late answer finds nobody', () => {
    const ids = new PacketIds()
    expect(ids.take()).toBe(1)
    ids.free(1)
    expect(ids.take()).toBe(2)
  })
})
