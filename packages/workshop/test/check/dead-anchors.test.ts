import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { deadAnchors } from '../../check/docs/dead-anchors.js'

let folder: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'antiphon-anchors-'))
  await mkdir(join(folder, 'guide'))
  await writeFile(join(folder, 'index.html'), '<h1 id="start">Start</h1>')
  await writeFile(join(folder, 'guide', 'index.html'), '<h1 id="guide">Guide</h1>')
})

afterEach(async () => {
  await rm(folder, { recursive: true })
})

const write = (html: string) => writeFile(join(folder, 'guide', 'links.html'), html)

it('accepts links to headings of the same page, of other pages and of other sites', async () => {
  await write(
    '<h2 id="a&amp;b">A</h2><a class="x" href="#a&amp;b">A</a><a href="/#start">B</a><a href="/guide/#guide">C</a>' +
      '<a href="https://site.example/#no">D</a><a href="./#guide">E</a><a href="links#a&amp;b">F</a>',
  )
  expect(await deadAnchors(folder)).toEqual([])
})

it('reports links to headings that do not exist, once for each page', async () => {
  await write('<a href="#no">A</a><a href="/#no">B</a><a href="/#no">C</a><a href="/guide/links#never">D</a>')
  expect(await deadAnchors(folder)).toEqual([
    'guide/links.html: #no',
    'guide/links.html: /#no',
    'guide/links.html: /guide/links#never',
  ])
})

it('reads the base of the site', async () => {
  await write('<a href="/antiphon/#start">A</a><a href="/antiphon/#no">B</a>')
  expect(await deadAnchors(folder, '/antiphon/')).toEqual(['guide/links.html: /antiphon/#no'])
})
