/// The mean of integers of one quantization.
package enum IntegerMean {
    /// sum / count, rounded half away from zero; count ≥ 1.
    package static func rounded(_ sum: Int, _ count: Int) -> Int {
        sum > 0 ? (sum + count / 2) / count : (sum - count / 2) / count
    }
}
