/// The attention weights of one layer for one clip, after softmax: a matrix queries × keys for each head.
public struct AttentionMap: Sendable, Hashable {
    /// The layer's name in the model file.
    public let name: String
    public let headCount: Int
    /// The numbers of queries and keys: the model's frames, unless the model shortens the sequence before this layer.
    public let queryCount: Int
    public let keyCount: Int
    /// Heads × queries × keys, row-major; each row of keys sums to 1.
    public let weights: [Float]
    /// For each query and for each key, the frames of the clip that it stands for, nil for padding. That is one frame,
    /// or several where pooling or strides shorten the sequence before the layer. Empty if the rows cannot be assigned
    /// to frames: there are more rows than frames, or the frames do not divide evenly among them.
    public let queryFrames: [ClosedRange<Int>?]
    public let keyFrames: [ClosedRange<Int>?]

    package init(
        name: String, headCount: Int, queryCount: Int, keyCount: Int, weights: [Float],
        queryFrames: [ClosedRange<Int>?] = [],
        keyFrames: [ClosedRange<Int>?] = []
    ) {
        self.name = name
        self.headCount = headCount
        self.queryCount = queryCount
        self.keyCount = keyCount
        self.weights = weights
        self.queryFrames = queryFrames
        self.keyFrames = keyFrames
    }

    /// The attention weight of a query and a key in a head; nil if an index is out of range.
    public subscript(head head: Int, query query: Int, key key: Int) -> Float? {
        guard (0..<headCount).contains(head), (0..<queryCount).contains(query), (0..<keyCount).contains(key) else {
            return nil
        }
        return weights[(head * queryCount + query) * keyCount + key]
    }

    /// The attention that each key receives in a head: the mean weight over the queries that stand for frames of the
    /// clip, or over all queries where rows cannot be assigned to frames. The values sum to 1. Empty if there is no
    /// such head.
    public func received(head: Int) -> [Float] {
        guard (0..<headCount).contains(head) else { return [] }
        let frames = queryFrames.indices.filter { queryFrames[$0] != nil }
        let queries = frames.isEmpty ? Array(0..<queryCount) : frames
        var sums = [Double](repeating: 0, count: keyCount)
        for query in queries {
            let start = (head * queryCount + query) * keyCount
            for key in 0..<keyCount { sums[key] += Double(weights[start + key]) }
        }
        return sums.map { Float($0 / Double(max(queries.count, 1))) }
    }

    /// The attention that each key receives in all heads: the mean of `received(head:)`.
    public func received() -> [Float] {
        let heads = (0..<headCount).map { received(head: $0) }
        return (0..<keyCount).map { key in
            Float(heads.reduce(0) { $0 + Double($1[key]) } / Double(max(headCount, 1)))
        }
    }
}
