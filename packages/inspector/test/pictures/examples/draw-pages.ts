import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { Browser, Page } from 'playwright-core'

const folder = new URL('../../../../../examples/', import.meta.url)

/** An example whose picture is a screenshot of its page. */
interface PageStory {
  /** Matches the line with the address of the page. */
  readonly address: RegExp
  readonly viewport: { readonly width: number; readonly height: number }
  readonly prepare: (page: Page) => Promise<void>
}

/** The examples with a page, and what is done on it. */
export const pageStories: Readonly<Record<string, PageStory>> = {
  '06-phone-in-the-browser': {
    address: /^The phone is at (\S+)$/,
    viewport: { width: 440, height: 730 },
    prepare: async (page) => {
      for (const [car, outcome] of [
        ['Your car', 'Succeeded'],
        ['At the valet', 'Refused'],
      ] as const) {
        await page.getByRole('radio', { name: car }).check({ force: true })
        await page.getByRole('button', { name: 'Unlock' }).click()
        await page.getByRole('listitem').first().getByText(outcome, { exact: true }).waitFor()
      }
    },
  },
  '12-frameworks': {
    address: /^react +(\S+)$/,
    viewport: { width: 320, height: 90 },
    prepare: async (page) => {
      await page.getByText('Link: online').waitFor()
      await page.getByLabel('City').selectOption('Vienna')
      await page.getByText('22.5 °C').waitFor()
    },
  },
}

/** Runs an example, uses its page, and takes a screenshot. */
export async function drawPage(
  browser: Browser,
  name: string,
  story: PageStory,
  path: string,
): Promise<void> {
  const child = spawn(
    process.execPath,
    ['--import', 'tsx', fileURLToPath(new URL(`${name}/index.ts`, folder))],
    {
      cwd: folder,
      env: { ...process.env, PORT: '0' },
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  )
  const exit = once(child, 'exit')
  const page = await browser.newPage({ viewport: story.viewport })
  try {
    await page.goto(await addressIn(createInterface({ input: child.stdout }), story.address))
    await story.prepare(page)
    await page.screenshot({ path })
  } finally {
    await page.close()
    child.kill('SIGINT')
    await exit
  }
}

async function addressIn(lines: AsyncIterable<string>, address: RegExp): Promise<string> {
  for await (const line of lines) {
    const [, found] = address.exec(line) ?? []
    if (found !== undefined) return found
  }
  throw new Error(`cannot open the page: the example ended without a line that matches ${String(address)}`)
}
