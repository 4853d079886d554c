import type { UserProperties } from '@antiphon/core'
import { describe, expect, it } from 'vitest'
import { crc32c } from '../../src/chunk/crc32c.js'
import { bytesOf } from '../observed.js'
import { withHostileRequester } from './hostile-requester.js'

interface Chunk {
  readonly index: number
  readonly payload: string
  readonly properties: UserProperties
}

/** Returns the chunks of a payload that consists of the parts. */
function chunksOf(parts: readonly string[], id?: string): readonly Chunk[] {
  const whole = bytesOf(parts.join(''))
  return parts.map((payload, index) => {
    const checksum = index === 0 ? `:${crc32c(whole)}` : ''
    const header = ['__chunk', `${index}:${parts.length}:${whole.length}${checksum}`] as const
    return { index, payload, properties: id === undefined ? [header] : [header, ['__chunkId', id]] }
  })
}

/** Returns the chunks of 1234 and those of 5678, alternately. */
function alternateChunks(): readonly (Chunk & { readonly of: '1234' | '5678' })[] {
  const first = chunksOf(['12', '34']).map((chunk) => ({ ...chunk, of: '1234' as const }))
  const second = chunksOf(['56', '78']).map((chunk) => ({ ...chunk, of: '5678' as const }))
  return [...first, ...second].sort((left, right) => left.index - right.index)
}

describe('a responder that receives items in chunks', () => {
  it('keeps the chunks of different requests apart', () => {
    withHostileRequester(({ open, sendItem, seen, failures }) => {
      const tokens = { 1234: bytesOf('first'), 5678: bytesOf('second') }
      for (const correlationData of Object.values(tokens)) open({ correlationData })
      for (const { payload, properties, of } of alternateChunks())
        sendItem('0', payload, properties, { correlationData: tokens[of] })
      expect(seen).toEqual([1234, 5678])
      expect(failures()).toEqual([])
    })
  })

  it('keeps the chunks of different items apart', () => {
    withHostileRequester(({ open, sendItem, seen, failures }) => {
      open()
      for (const { payload, properties, of } of alternateChunks())
        sendItem(of === '1234' ? '1' : '0', payload, properties)
      expect(seen).toEqual([5678, 1234])
      expect(failures()).toEqual([])
    })
  })

  it('assembles an item that is sent again in other chunks, under another id', () => {
    withHostileRequester(({ open, sendItem, seen, failures }) => {
      open()
      for (const { payload, properties } of [
        ...chunksOf(['12', '34'], 'two').slice(0, 1),
        ...chunksOf(['1', '2', '3', '4'], 'four'),
      ])
        sendItem('0', payload, properties)
      expect(seen).toEqual([1234])
      expect(failures()).toEqual([])
    })
  })
})
