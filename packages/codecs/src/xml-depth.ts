import { requireDepth } from '@antiphon/core/codec'

const comment = { opening: '<!--', closing: '-->' }
const cdata = { opening: '<![CDATA[', closing: ']]>' }
const instruction = { opening: '<?', closing: '?>' }
const opaque = [comment, cdata, instruction]

/**
 * Checks the nesting of elements without parsing the document. Throws if it is too deep, or if the document contains a
 * document type declaration. Up to the first error in a document, the result is the same as after parsing.
 */
export function requireElementDepth(document: string, maximumDepth: number): void {
  let depth = 0
  let at = document.indexOf('<')
  while (at !== -1) {
    const skipped = opaque.find(({ opening }) => document.startsWith(opening, at))
    if (skipped !== undefined) {
      at = after(document, skipped.closing, at + skipped.opening.length)
    } else if (document.startsWith('<!', at)) {
      throw new SyntaxError(
        'the document contains a declaration that begins with <!: document types and entities are not supported',
      )
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

/** Returns the offset after the `>` that ends a tag, skipping any `>` in attribute values. */
function endOfTag(document: string, start: number): number {
  const delimiters = /[>"']/g
  delimiters.lastIndex = start
  for (let match = delimiters.exec(document); match !== null; match = delimiters.exec(document)) {
    if (match[0] === '>') return delimiters.lastIndex
    delimiters.lastIndex = after(document, match[0], delimiters.lastIndex)
  }
  return document.length
}

function after(document: string, closing: string, start: number): number {
  const at = document.indexOf(closing, start)
  return at === -1 ? document.length : at + closing.length
}
