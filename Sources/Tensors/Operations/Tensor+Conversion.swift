import EmotionFormerCore

extension Tensor where Scalar: TensorNumber {
    /// The same numbers in another type. Fractions become whole numbers by cutting them towards 0; numbers that a
    /// floating-point type cannot hold exactly are rounded.
    /// - Throws: `invalidArgument` for a number that a type of whole numbers cannot hold, NaN and infinities among them.
    public init<Other: TensorNumber>(_ other: Tensor<Other>) throws(TensorError) {
        let walk = StridedWalk([other.layout, StridedLayout(other.layout.shape)])
        var wrong: Int?
        self.init(other.layout.shape) { target in
            let piece = 512
            func convert<Wide>(
                _ widen: (UnsafePointer<Other>, Int, UnsafeMutablePointer<Wide>, Int) -> Void,
                _ narrow: (UnsafePointer<Wide>, UnsafeMutablePointer<Scalar>, Int) -> Int?
            ) {
                withUnsafeTemporaryAllocation(of: Wide.self, capacity: piece) { memory in
                    guard let wide = memory.baseAddress else { return }
                    walk.forEachPair { (first: Int, second: Int) in
                        for start in stride(from: 0, to: walk.count, by: piece) where wrong == nil {
                            let count = Swift.min(piece, walk.count - start)
                            widen(other.base + (first + start * walk.steps[0]), walk.steps[0], wide, count)
                            wrong = narrow(wide, target + (second + start), count)
                                .map { first + (start + $0) * walk.steps[0] }
                        }
                    }
                }
            }
            if Other._isWhole {
                convert({ Other._widen($0, $1, $2 as UnsafeMutablePointer<Int64>, $3) }, Scalar._narrow)
            } else {
                convert({ Other._widen($0, $1, $2 as UnsafeMutablePointer<Double>, $3) }, Scalar._narrow)
            }
        }
        if let wrong {
            throw TensorError(
                .invalidArgument, at: "conversion", "the type cannot hold the number",
                found: "\(other.base[wrong])", expected: "numbers that \(Scalar.self) holds", shapes: [other.shape])
        }
    }

    /// 1 where a mask is true, 0 elsewhere.
    public init(_ mask: Tensor<Bool>) {
        let walk = StridedWalk([mask.layout, StridedLayout(mask.layout.shape)])
        self.init(mask.layout.shape) { target in
            walk.forEachPair { (first: Int, second: Int) in
                for index in 0..<walk.count {
                    target[second + index] = mask.base[first + index * walk.steps[0]] ? 1 : 0
                }
            }
        }
    }
}
