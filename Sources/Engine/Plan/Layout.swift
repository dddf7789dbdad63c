import EmotionFormerGraph
import EmotionFormerTensors

/// Where every value of a plan lies.
struct Layout {
    /// By value: the offset in the arena, or nil if it is a constant or never needed.
    fileprivate(set) var offsets: [Int?]
    fileprivate(set) var arenaByteCount = 0
    private let graph: TypedGraph

    func operand(_ value: Int) -> Operand {
        if let offset = offsets[value] { return Operand(arenaOffset: offset) }
        return Operand(constant: graph.values[value].constant?.tensor.stableBytes ?? Layout.nothing)
    }

    func destination(_ value: Int) -> Destination { Destination(arenaOffset: offsets[value] ?? 0) }

    /// Never read: every value that a step names is placed or constant.
    nonisolated(unsafe) fileprivate static let nothing = UnsafeRawPointer(
        UnsafeMutableRawPointer.allocate(byteCount: 64, alignment: 64))
}

extension Tensor {
    /// The elements' address, which stays as long as a copy of the tensor does; a plan keeps one.
    var stableBytes: UnsafeRawPointer { withUnsafeBytes { $0.baseAddress ?? Layout.nothing } }
}

extension Layout {
    /// Places values by lifetime: two share memory only if no segment needs both.
    ///
    /// Threads go through a segment at their own pace, so lifetimes count in segments, not in steps.
    /// - Parameters:
    ///   - aliases: by value, the value whose memory it shares (itself if it has its own).
    ///   - segments: the drafts of each segment.
    ///   - keepsEveryValue: no memory is used twice, so that every value can be looked at afterwards.
    init(graph: TypedGraph, aliases: [Int], segments: [[StepDraft]], keepsEveryValue: Bool) {
        self.graph = graph
        offsets = Array(repeating: nil, count: graph.values.count)
        var lifetimes = [ClosedRange<Int>?](repeating: nil, count: graph.values.count)
        func touch(_ value: Int, _ segment: Int) {
            let root = aliases[value]
            guard graph.values[root].constant == nil else { return }
            lifetimes[root] =
                lifetimes[root].map { min($0.lowerBound, segment)...max($0.upperBound, segment) }
                ?? segment...segment
        }
        for input in graph.inputs { touch(input, 0) }
        for (index, segment) in segments.enumerated() {
            for step in segment { for value in step.reads + step.writes { touch(value, index) } }
        }
        for output in graph.outputs {
            // The whole run, so that a caller may read an output and an input after it.
            touch(output, segments.count)
        }
        for input in graph.inputs { touch(input, segments.count) }
        if keepsEveryValue {
            for value in graph.values.indices where lifetimes[value] != nil { lifetimes[value] = 0...segments.count }
        }
        place(lifetimes)
        for value in graph.values.indices where aliases[value] != value { offsets[value] = offsets[aliases[value]] }
    }

    /// First fit, the largest first.
    private mutating func place(_ lifetimes: [ClosedRange<Int>?]) {
        struct Placed {
            let range: Range<Int>
            let lifetime: ClosedRange<Int>
        }
        var placed: [Placed] = []
        let order = graph.values.indices.filter { lifetimes[$0] != nil }
            .sorted { (byteCount(of: $0), -$0) > (byteCount(of: $1), -$1) }
        for value in order {
            guard let lifetime = lifetimes[value] else { continue }
            let size = byteCount(of: value)
            var offset = 0
            for other in placed where other.lifetime.overlaps(lifetime) {
                if other.range.lowerBound >= offset + size { break }
                offset = max(offset, other.range.upperBound)
            }
            offsets[value] = offset
            let entry = Placed(range: offset..<(offset + size), lifetime: lifetime)
            placed.insert(entry, at: placed.firstIndex { $0.range.lowerBound > offset } ?? placed.count)
            arenaByteCount = max(arenaByteCount, offset + size)
        }
    }

    /// A whole number of cache lines, with one to spare for kernels that read ahead.
    private func byteCount(of value: Int) -> Int {
        let type = graph.values[value].type
        return (type.shape.elementCount * type.elementType.byteCount + 127) / 64 * 64
    }
}
