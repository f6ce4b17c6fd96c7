/** Ways in which a handler may transfer the memory of its chunk. */
export const transfers: readonly [name: string, transfer: (chunk: Buffer) => void][] = [
  [
    'posts',
    (chunk) => {
      const { port1, port2 } = new MessageChannel()
      try {
        port1.postMessage(chunk, [chunk.buffer as ArrayBuffer])
      } finally {
        port1.close()
        port2.close()
      }
    },
  ],
  ['clones', (chunk) => void structuredClone(chunk, { transfer: [chunk.buffer as ArrayBuffer] })],
  ['detaches', (chunk) => void (chunk.buffer as ArrayBuffer).transfer()],
  [
    'enqueues in a stream of bytes',
    (chunk) => {
      const start = (controller: ReadableByteStreamController): void => {
        controller.enqueue(chunk)
      }
      void new ReadableStream({ type: 'bytes', start })
    },
  ],
]
