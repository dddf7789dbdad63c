import EmotionFormerCore

/// Functions of each element. Of `Float` they are within two units in the last place of the exact result: they are
/// computed in double precision, except for those of which the vector kernels are as good.
extension Tensor where Scalar: TensorFloat {
    /// eˣ
    public func exp() -> Tensor { applied(.exponential) }
    /// eˣ − 1, exact near 0 too.
    public func expm1() -> Tensor { applied(.exponentialMinusOne) }
    /// The natural logarithm: −∞ at 0, NaN below.
    public func log() -> Tensor { applied(.logarithm) }
    /// ln(1 + x), exact near 0 too.
    public func log1p() -> Tensor { applied(.logarithmOfOnePlus) }
    public func log2() -> Tensor { applied(.binaryLogarithm) }
    public func log10() -> Tensor { applied(.decimalLogarithm) }
    public func squareRoot() -> Tensor { applied(.squareRoot) }
    public func reciprocal() -> Tensor { applied(.reciprocal) }

    /// Of angles in radians.
    public func sin() -> Tensor { applied(.sine) }
    public func cos() -> Tensor { applied(.cosine) }
    public func tan() -> Tensor { applied(.tangent) }
    public func asin() -> Tensor { applied(.arcSine) }
    public func acos() -> Tensor { applied(.arcCosine) }
    public func atan() -> Tensor { applied(.arcTangent) }
    public func sinh() -> Tensor { applied(.hyperbolicSine) }
    public func cosh() -> Tensor { applied(.hyperbolicCosine) }
    public func tanh() -> Tensor { applied(.hyperbolicTangent) }

    /// 1/(1 + e⁻ˣ)
    public func sigmoid() -> Tensor { applied(.sigmoid) }
    /// The error function.
    public func erf() -> Tensor { applied(.errorFunction) }
    /// x·½·(1 + erf(x/√2)), or with a hyperbolic tangent in place of the error function if it is approximate.
    public func gelu(approximate: Bool = false) -> Tensor { applied(approximate ? .geluTanh : .gelu) }
    /// x·sigmoid(x), also called swish.
    public func silu() -> Tensor { applied(.silu) }
    /// ln(1 + eˣ)
    public func softplus() -> Tensor { applied(.softplus) }
    /// x for x > 0, eˣ − 1 otherwise.
    public func elu() -> Tensor { applied(.elu) }

    public func floor() -> Tensor { applied(.floor) }
    public func ceil() -> Tensor { applied(.ceiling) }
    /// To the nearest whole number, halves to the even one, as NumPy does.
    public func rounded() -> Tensor { applied(.rounded) }
    /// Towards 0.
    public func truncated() -> Tensor { applied(.truncated) }

    /// Each element raised to the power of another, with NumPy's broadcasting.
    /// - Throws: `shapeMismatch` if the shapes do not broadcast together.
    public func power(_ exponent: Tensor) throws(TensorError) -> Tensor {
        let shape = try named([self.shape, exponent.shape]) { () throws(Fault) in
            try Shape.broadcast(layout.shape, exponent.layout.shape)
        }
        let layouts = try named { () throws(Fault) in
            [try layout.broadcast(to: shape), try exponent.layout.broadcast(to: shape), StridedLayout(shape)]
        }
        return Tensor(shape) { target in
            let walk = StridedWalk(layouts)
            walk.forEachTriple { (first: Int, second: Int, third: Int) in
                Scalar._raise(
                    base + first, walk.steps[0], exponent.base + second, walk.steps[1], target + third, walk.count)
            }
        }
    }

    /// Each element raised to one power.
    public func power(_ exponent: Scalar) -> Tensor {
        unfailing { () throws(TensorError) in try power(Tensor(scalar: exponent)) }
    }

    /// Whether elements are neither infinite nor NaN.
    public func isFinite() -> Tensor<Bool> { tested { $0.isFinite } }
    public func isNaN() -> Tensor<Bool> { tested { $0.isNaN } }

    private func tested(_ test: (Scalar) -> Bool) -> Tensor<Bool> {
        let walk = StridedWalk([layout, StridedLayout(layout.shape)])
        return Tensor<Bool>(layout.shape) { target in
            walk.forEachPair { (first: Int, second: Int) in
                for index in 0..<walk.count {
                    target[second + index] = test(base[first + index * walk.steps[0]])
                }
            }
        }
    }

    private func applied(_ function: _FloatFunction) -> Tensor {
        let walk = StridedWalk([layout, StridedLayout(layout.shape)])
        return Tensor(layout.shape) { target in
            walk.forEachPair { (first: Int, second: Int) in
                Scalar._apply(function, base + first, walk.steps[0], target + second, walk.count)
            }
        }
    }
}
