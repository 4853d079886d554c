// Draws the pictures of the examples from recorded runs, all of them or those named:
// node --import tsx packages/inspector/test/pictures/examples.ts [01-hello …]
import { foreignCommand } from '@antiphon/workshop'
import { writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { chromium } from 'playwright-core'
import { drawExchange, drawMessages } from './examples/draw-example.js'
import { drawPage, pageStories } from './examples/draw-pages.js'
import { recordExample } from './examples/record-example.js'
import { stories } from './examples/stories.js'

const folder = new URL('../../../../examples/', import.meta.url)
const wanted = process.argv.slice(2)
const isWanted = ([name]: readonly [string, unknown]): boolean => wanted.length === 0 || wanted.includes(name)

for (const [name, story] of Object.entries(stories).filter(isWanted)) {
  const recording = await recordExample(name)
  const svg = 'topic' in story ? drawMessages(recording, story) : drawExchange(recording, story)
  await writeFile(new URL(`${name}/picture.svg`, folder), svg)
  console.log(name)
}

const pages = Object.entries(pageStories).filter(isWanted)
if (pages.length > 0) {
  const browser = await chromium.launch({
    executablePath: foreignCommand('chromium') ?? '',
    args: ['--headless', '--no-sandbox', '--disable-gpu'],
  })
  try {
    for (const [name, story] of pages) {
      await drawPage(browser, name, story, fileURLToPath(new URL(`${name}/picture.png`, folder)))
      console.log(name)
    }
  } finally {
    await browser.close()
  }
}
