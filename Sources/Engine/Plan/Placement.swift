import EmotionFormerGraph

/// Assigns addresses by lifetime: two values share memory only if they are never needed at the same time.
///
/// Threads run a segment at their own pace, so lifetimes are counted in segments. They are counted in steps for values
/// that only one thread uses: in segments that are not divided, and for values of which each row belongs to one thread
/// for its whole lifetime.
struct Placement {
    /// By value: the offset in the arena.
    private var offsets: [Int?]
    private var arenaByteCount = 0
    private let graph: TypedGraph

    /// - Parameters:
    ///   - aliases: by value, the value whose memory it shares (itself if it has its own).
    ///   - segments: the drafts of each segment.
    ///   - keepsEveryValue: no memory is reused, so that every value can be read afterwards.
    init(graph: TypedGraph, aliases: [Int], segments: [[StepDraft]], keepsEveryValue: Bool) {
        self.graph = graph
        offsets = Array(repeating: nil, count: graph.values.count)
        let lives = ValueLives(graph: graph, aliases: aliases, segments: segments)
        var blocks: [Block] = []
        var slots: [ValueLife.Sharing: [Block]] = [:]
        for value in lives.values.indices.sorted(by: { lives.start($0) < lives.start($1) }) {
            guard var life = lives.values[value] else { continue }
            if keepsEveryValue {
                life = ValueLife(
                    segments: 0...segments.count, steps: life.steps, writerCount: life.writerCount,
                    readerCount: life.readerCount, sharing: .none)
            }
            let block = Block(values: [value], byteCount: byteCount(of: value), life: life)
            guard life.hasOwnRows else {
                blocks.append(block)
                continue
            }
            // Values with the same row size and consecutive lifetimes share one block, row by row.
            if let free = slots[life.sharing]?.firstIndex(where: {
                $0.life.steps.upperBound < life.steps.lowerBound && $0.byteCount == block.byteCount
            }) {
                slots[life.sharing]?[free].take(block)
            } else {
                slots[life.sharing, default: []].append(block)
            }
        }
        for slot in slots.values { blocks += slot }
        place(blocks)
        for value in graph.values.indices where aliases[value] != value { offsets[value] = offsets[aliases[value]] }
    }

    var layout: Layout {
        Layout(
            offsets: offsets, arenaByteCount: arenaByteCount, constants: graph.values.map { $0.constant?.tensor })
    }

    /// Values that share a block of memory, and when it is in use.
    private struct Block {
        var values: [Int]
        let byteCount: Int
        var life: ValueLife

        mutating func take(_ other: Block) {
            values += other.values
            life.extend(by: other.life)
        }

        func isNeeded(with other: Block) -> Bool {
            if life.sharing == .oneThread, other.life.sharing == .oneThread {
                return life.steps.overlaps(other.life.steps)
            }
            return life.segments.overlaps(other.life.segments)
        }
    }

    /// First fit, the largest first.
    private mutating func place(_ blocks: [Block]) {
        var placed: [(range: Range<Int>, block: Block)] = []
        let order = blocks.sorted { ($0.byteCount, -($0.values.first ?? 0)) > ($1.byteCount, -($1.values.first ?? 0)) }
        for block in order {
            var offset = 0
            for other in placed where other.block.isNeeded(with: block) {
                if other.range.lowerBound >= offset + block.byteCount { break }
                offset = max(offset, other.range.upperBound)
            }
            for value in block.values { offsets[value] = offset }
            let place = placed.firstIndex { $0.range.lowerBound > offset } ?? placed.count
            placed.insert((offset..<(offset + block.byteCount), block), at: place)
            arenaByteCount = max(arenaByteCount, offset + block.byteCount)
        }
    }

    /// A whole number of cache lines, plus one for kernels that read ahead. Behind large values more of them, about a
    /// quarter of a page: a step goes through its input and its output at the same pace, and a load waits for a store
    /// shortly before it whose address has the same lowest 12 bits.
    private func byteCount(of value: Int) -> Int {
        let lines = (graph.values[value].type.byteCount + 63) / 64
        return (lines + (lines < 256 ? 1 : 17)) * 64
    }
}
