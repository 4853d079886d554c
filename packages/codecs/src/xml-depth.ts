import { requireDepth } from '@antiphon/core/codec'

const comment = { opening: '<!--', closing: '-->' }
const cdata = { opening: '<![CDATA[', closing: ']]>' }
const instruction = { opening: '<?', closing: '?>' }
const opaque = [comment, cdata, instruction]

/**
 * Counts the elements that are open, without building any; throws where they are too many or a document type is
 * declared. Up to its first error a document is counted exactly as it would be parsed.
 */
export function requireShallow(document: string, maximumDepth: number): void {
  let depth = 0
  let at = document.indexOf('<')
  while (at !== -1) {
    const skipped = opaque.find(({ opening }) => document.startsWith(opening, at))
    if (skipped !== undefined) {
      at = after(document, skipped.closing, at + skipped.opening.length)
    } else if (document.startsWith('<!', at)) {
      throw new SyntaxError('a document type declaration is refused, and entities with it')
    } else {
      const end = endOfTag(document, at)
      const isClosing = document.startsWith('</', at)
      const isEmpty = document[end - 2] === '/'
      if (isClosing) {
        depth -= 1
      } else {
        requireDepth(depth + 1, maximumDepth)
        if (!isEmpty) depth += 1
      }
      at = end
    }
    at = document.indexOf('<', at)
  }
}

/** Behind the `>` that ends a tag; those in attribute values do not. */
function endOfTag(document: string, start: number): number {
  const delimiters = /[>"']/g
  delimiters.lastIndex = start
  for (let found = delimiters.exec(document); found !== null; found = delimiters.exec(document)) {
    if (found[0] === '>') return delimiters.lastIndex
    delimiters.lastIndex = after(document, found[0], delimiters.lastIndex)
  }
  return document.length
}

function after(document: string, closing: string, start: number): number {
  const at = document.indexOf(closing, start)
  return at === -1 ? document.length : at + closing.length
}
