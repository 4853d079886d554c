import { acceptsMediaTypes, fromType, fromUtf8, toUtf8 } from '@antiphon/core/codec'
import type { Codec, TypedCodecOptions } from '@antiphon/core'
import type { Type } from 'io-ts'
import { requireShallow } from './xml-depth.js'
import { fromElement, parseRoot } from './xml-element.js'
import { isXmlText, toElement } from './xml-markup.js'

export { xmlBoolean, xmlList, xmlNumber, xmlObject, xmlText } from './xml-types.js'

/** Options of an XML codec. */
export interface XmlOptions extends TypedCodecOptions {
  /** The name of the outermost element, prefix included. */
  readonly root: string
}

/**
 * XML payloads typed by io-ts: `application/xml`, reads `text/xml` and every `…+xml` too. Needs `@rgrove/parse-xml`.
 *
 * An element is plain data: its text alone is a string; otherwise it is an object with its attributes as `@name`, its
 * children by name (an array where a name stands several times) and its text as `#text`. Everything XML says is a text:
 * `xmlNumber` and `xmlBoolean` turn it into more, `xmlList` reads lists of any length, `xmlObject` an element that may
 * be empty, `xmlText` a text that may be. Names keep their prefix; comments and processing instructions are passed over.
 *
 * Refused, in both directions where it applies: a document type declaration and hence every entity but the predefined
 * five, text beside child elements, characters that XML 1.0 excludes, names that are none, and an encoding other than
 * UTF-8.
 *
 * @example
 * ```ts
 * const reading = xml(t.type({ '@unit': t.string, celsius: xmlNumber, tag: xmlList(t.string) }), { root: 'reading' })
 * // <reading unit="C"><celsius>22.5</celsius><tag>indoor</tag></reading>
 * ```
 */
export function xml<A, O>(type: Type<A, O, unknown>, { root, ...options }: XmlOptions): Codec<A> {
  // The root's own name is as good as any, so that a wrong one is told before the first message.
  toElement(root, '')
  return fromType(
    type,
    {
      contentType: 'application/xml',
      isText: true,
      accepts,
      parse: (payload, maximumDepth) => {
        // Line ends become one before anything is parsed [XML 1.0, 2.11]; the parser takes minutes over a megabyte of them.
        const document = fromUtf8(payload).replace(/\r\n?/g, '\n')
        // The innermost element may be a text, which is no object.
        requireShallow(document, maximumDepth + 1)
        return fromElement(parseRoot(document, root))
      },
      write: (data) => toUtf8(toElement(root, data)),
      carriesText: isXmlText,
    },
    options,
  )
}

const accepts = acceptsMediaTypes({ types: ['application/xml', 'text/xml'], suffix: '+xml' })
