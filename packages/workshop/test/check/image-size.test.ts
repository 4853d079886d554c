import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { imageSizeOf } from '../../check/docs/image-size.js'
import { inRoot } from '../../check/workspace.js'

const svg = (attributes: string) => new TextEncoder().encode(`<?xml version="1.0"?><svg ${attributes}></svg>`)

it.each([
  ['its attributes', 'width="640" height="320.5" viewBox="0 0 64 32"', { width: 640, height: 320.5 }],
  ['its view box', 'viewBox="0 0 64 32"', { width: 64, height: 32 }],
  ['both', 'width="100%" viewBox="0 0 64 32"', { width: 64, height: 32 }],
  ['nothing', 'role="img"', undefined],
])('reads the size of an SVG from %s', (_, attributes, size) => {
  expect(imageSizeOf('a.svg', svg(` ${attributes}`))).toEqual(size)
})

it('reads the size of a PNG from its header', () => {
  const png = readFileSync(inRoot('docs', 'guide', 'images', 'inspector-light.png'))
  const size = imageSizeOf('inspector-light.png', png)
  expect(size?.width).toBeGreaterThan(300)
  expect(size?.height).toBeGreaterThan(200)
})
