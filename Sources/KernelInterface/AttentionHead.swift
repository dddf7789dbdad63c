/// One head of attention: softmax(Q·Kᵀ·scale, masked)·V for a range of query rows.
///
/// A score whose mask is false is *replaced* by −1e30, so a row in which every key is masked gives all keys the same
/// weight.
package struct AttentionHead {
    /// queryCount × keyDimension, rows `queryStride` apart; likewise keys (keyCount × keyDimension) and values
    /// (keyCount × valueDimension). All three may lie in one buffer.
    package var query: UnsafePointer<Float>
    package var queryStride: Int
    package var key: UnsafePointer<Float>
    package var keyStride: Int
    package var value: UnsafePointer<Float>
    package var valueStride: Int
    /// queryCount × valueDimension, rows `outputStride` apart.
    package var output: UnsafeMutablePointer<Float>
    package var outputStride: Int
    package var queryCount: Int
    package var keyCount: Int
    package var keyDimension: Int
    package var valueDimension: Int
    package var scale: Float
    /// keyCount bytes, 0 or 1 (1 = keep).
    package var keyMask: UnsafePointer<UInt8>?
    /// queryCount × keyCount bytes, rows `maskStride` apart.
    package var mask: UnsafePointer<UInt8>?
    package var maskStride: Int
    /// Whether query i attends to keys 0…i only.
    package var isCausal: Bool
    /// Also receives the attention weights if not nil: queryCount × keyCount, rows `weightsStride` apart.
    package var weights: UnsafeMutablePointer<Float>?
    package var weightsStride: Int

    package init(
        query: UnsafePointer<Float>, queryStride: Int, key: UnsafePointer<Float>, keyStride: Int,
        value: UnsafePointer<Float>, valueStride: Int, output: UnsafeMutablePointer<Float>, outputStride: Int,
        queryCount: Int, keyCount: Int, keyDimension: Int, valueDimension: Int, scale: Float,
        keyMask: UnsafePointer<UInt8>? = nil, mask: UnsafePointer<UInt8>? = nil, maskStride: Int = 0,
        isCausal: Bool = false, weights: UnsafeMutablePointer<Float>? = nil, weightsStride: Int = 0
    ) {
        self.query = query
        self.queryStride = queryStride
        self.key = key
        self.keyStride = keyStride
        self.value = value
        self.valueStride = valueStride
        self.output = output
        self.outputStride = outputStride
        self.queryCount = queryCount
        self.keyCount = keyCount
        self.keyDimension = keyDimension
        self.valueDimension = valueDimension
        self.scale = scale
        self.keyMask = keyMask
        self.mask = mask
        self.maskStride = maskStride
        self.isCausal = isCausal
        self.weights = weights
        self.weightsStride = weightsStride
    }
}
