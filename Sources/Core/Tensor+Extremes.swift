extension Tensor {
    /// The least and the largest element; nil if there is none, or if one is NaN.
    package var extremes: (least: Double, largest: Double)? {
        guard elementType == .float32 else {
            let numbers = doubles
            guard let least = numbers.min(), let largest = numbers.max(), !numbers.contains(where: \.isNaN) else {
                return nil
            }
            return (least, largest)
        }
        return withUnsafeBytes { bytes in
            let numbers = bytes.bindMemory(to: Float.self)
            guard let first = numbers.first, !first.isNaN else { return nil }
            var least = first
            var largest = first
            var isNumber = true
            for number in numbers {
                least = number < least ? number : least
                largest = number > largest ? number : largest
                isNumber = isNumber && number == number
            }
            return isNumber ? (Double(least), Double(largest)) : nil
        }
    }
}
