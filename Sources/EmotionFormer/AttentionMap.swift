/// Where one attention layer of a model looked, for one clip: its softmax's weights, a matrix for each head.
public struct AttentionMap: Sendable, Hashable {
    /// The layer's name in the model file.
    public let name: String
    public let headCount: Int
    /// Rows that ask, and rows that are looked at; the model's frames unless it shortens them first.
    public let queryCount: Int
    public let keyCount: Int
    /// Heads × queries × keys, row-major; each row of keys sums to 1.
    public let weights: [Float]
    /// By query and by key, the frames of the clip that stand there: one; or several where the model shortens its rows before the
    /// layer, as pooling and strides do, each row then standing for an even part. nil for padding. Empty if there are more
    /// rows than frames, or a number of them that no even shortening gives.
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

    /// The weight that a head's query gives a key; nil outside of the matrix.
    public subscript(head head: Int, query query: Int, key key: Int) -> Float? {
        guard (0..<headCount).contains(head), (0..<queryCount).contains(query), (0..<keyCount).contains(key) else {
            return nil
        }
        return weights[(head * queryCount + query) * keyCount + key]
    }

    /// What each key gets of a head's attention: the mean over the queries that are frames of the clip, or over all queries where
    /// rows are not frames. They sum to 1; empty for a head that there is not.
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

    /// What each key gets of all heads' attention: the mean of `received(head:)`.
    public func received() -> [Float] {
        let heads = (0..<headCount).map { received(head: $0) }
        return (0..<keyCount).map { key in
            Float(heads.reduce(0) { $0 + Double($1[key]) } / Double(max(headCount, 1)))
        }
    }
}
