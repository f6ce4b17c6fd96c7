import { describe, expect, it } from 'vitest'
import { encodeResponses, responseHeaders } from '../../bench/support/glue-batch.ts'
import type { NativeClient } from '../../lib/native/contract.ts'
import { BatchEncoder } from '../lib/support/batch-encoder.ts'

describe('encodeResponses()', () => {
  it('writes what native would', () => {
    const encoder = new BatchEncoder()
    for (const id of [1, 2, 3]) encoder.response(id, '\0'.repeat(100), { headers: responseHeaders })
    const { words, text, slab } = encodeResponses(3)
    const onBatch: NativeClient['onBatch'] = (expected, wordCount, expectedText, expectedSlab) => {
      expect([...words]).toEqual([...expected.subarray(0, wordCount)])
      expect(text).toBe(expectedText)
      expect(Buffer.from(slab)).toEqual(expectedSlab)
    }
    encoder.deliverTo({ onBatch } as NativeClient)
    expect.assertions(3)
  })
})
