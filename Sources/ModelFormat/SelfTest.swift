package import EmotionFormerTensors

/// A package's self-test: inputs with the outputs that another program computed for them.
package struct SelfTest: Sendable {
    /// The largest absolute differences that are allowed.
    package struct Tolerance: Sendable, Hashable {
        package var probabilities: Double
        /// Not nil if and only if there are logits.
        package var logits: Double?

        package init(probabilities: Double, logits: Double? = nil) {
            self.probabilities = probabilities
            self.logits = logits
        }
    }

    /// The program that computed the outputs: `keras 3.15`, `litert 2.3`, `numpy-float64`.
    package var oracle: String
    /// (N, frames, features), float32, complete clips before normalization.
    package var input: Tensor
    /// (N, classes), float32.
    package var probabilities: Tensor
    /// (N, classes), float32.
    package var logits: Tensor?
    package var tolerance: Tolerance

    package init(
        oracle: String, input: Tensor, probabilities: Tensor, logits: Tensor? = nil, tolerance: Tolerance
    ) {
        self.oracle = oracle
        self.input = input
        self.probabilities = probabilities
        self.logits = logits
        self.tolerance = tolerance
    }
}
