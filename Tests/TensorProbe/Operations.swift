import EmotionFormerTensors

extension Request {
    func answer() throws -> Answer {
        if operation == "time" { return Answer(times: try measure()) }
        return switch operands.first?.type ?? "" {
        case "b1": try answerBooleans()
        case "f4": try answerFractions(Float.self) ?? answerNumbers(Float.self) ?? answerAny(Float.self)
        case "f8": try answerFractions(Double.self) ?? answerNumbers(Double.self) ?? answerAny(Double.self)
        case "f2": try answerHalves()
        case "i1": try answerNumbers(Int8.self) ?? answerAny(Int8.self)
        case "u1": try answerNumbers(UInt8.self) ?? answerAny(UInt8.self)
        case "i4": try answerNumbers(Int32.self) ?? answerAny(Int32.self)
        case "i8": try answerNumbers(Int64.self) ?? answerAny(Int64.self)
        default: throw ProbeError(line: "no type \(operands.first?.type ?? "")")
        }
    }

    private func answerHalves() throws -> Answer {
        #if !((os(macOS) || targetEnvironment(macCatalyst)) && arch(x86_64))
            try answerFractions(Float16.self) ?? answerNumbers(Float16.self) ?? answerAny(Float16.self)
        #else
            throw ProbeError(line: "no type f2")
        #endif
    }

    private var keeps: Bool { keepsAxes ?? false }

    /// Operations of every type.
    private func answerAny<Scalar: TensorScalar>(_ type: Scalar.Type) throws -> Answer {
        let x: Tensor<Scalar> = try operands[0].tensor()
        func other(_ index: Int = 1) throws -> Tensor<Scalar> { try operands[index].tensor() }
        switch operation {
        case "copy": return Answer(x.contiguous())
        case "text": return Answer(text: x.description)
        case "equal": return Answer(x .== (try other()))
        case "notEqual": return Answer(x .!= (try other()))
        case "select":
            let mask: Tensor<Bool> = try operands[2].tensor()
            return Answer(try mask.select(x, otherwise: other()))
        case "concatenate":
            return Answer(try Tensor<Scalar>.concatenate(operands.map { try $0.tensor() }, axis: axis ?? 0))
        case "stack": return Answer(try Tensor<Scalar>.stack(operands.map { try $0.tensor() }, axis: axis ?? 0))
        case "gather": return Answer(try x.gather(operands[1].tensor(Int64.self), axis: axis ?? 0))
        case "gatherAlong": return Answer(try x.gatherAlong(operands[1].tensor(Int64.self), axis: axis ?? 0))
        case "reshape": return Answer(try x.reshaped(to: shape ?? []))
        case "flatten": return Answer(x.flattened())
        case "tile": return Answer(try x.tiled(axes ?? []))
        case "elementsWhere": return Answer(try x.elements(where: operands[1].tensor(Bool.self)))
        case "assign":
            // A view of the same memory must not see what is written.
            var target = x
            let before = x.contiguous()
            try assign(other(), to: &target, slices ?? [])
            guard before == x || Scalar.self is any TensorFloat.Type else {
                throw ProbeError(line: "another tensor was changed")
            }
            return Answer(target, x)
        default: throw ProbeError(line: "no operation \(operation)")
        }
    }

    /// Operations of numbers.
    private func answerNumbers<Scalar: TensorNumber>(_ type: Scalar.Type) throws -> Answer? {
        func x() throws -> Tensor<Scalar> { try operands[0].tensor() }
        func y() throws -> Tensor<Scalar> { try operands[1].tensor() }
        switch operation {
        case "add": return Answer(try x() + y())
        case "subtract": return Answer(try x() - y())
        case "multiply": return Answer(try x() * y())
        case "divide": return Answer(try x().divided(by: y()))
        case "addInPlace":
            var sum = try x()
            sum += try y()
            return Answer(sum)
        case "maximum": return Answer(try x().maximum(y()))
        case "minimum": return Answer(try x().minimum(y()))
        case "less": return Answer(try x() .< y())
        case "lessOrEqual": return Answer(try x() .<= y())
        case "greater": return Answer(try x() .> y())
        case "greaterOrEqual": return Answer(try x() .>= y())
        case "negate": return Answer(-(try x()))
        case "magnitude": return Answer(try x().magnitude())
        case "square": return Answer(try x().squared())
        case "sign": return Answer(try x().sign())
        case "relu": return Answer(try x().relu())
        case "matmul": return Answer(try x().matmul(y()))
        case "cumulativeSum": return Answer(try x().cumulativeSum(axis: axis ?? -1))
        case "argMax": return Answer(try x().argMax(axis: axis ?? -1, keepingAxes: keeps))
        case "argMin": return Answer(try x().argMin(axis: axis ?? -1, keepingAxes: keeps))
        case "argSort": return Answer(try x().argSorted(axis: axis ?? -1))
        case "sort": return Answer(try x().sorted(axis: axis ?? -1))
        case "topK":
            let (values, indices) = try x().topK(Int(number ?? 1), axis: axis ?? -1)
            return Answer(values, indices)
        case "sum", "product", "max", "min": return try answerReductions(x())
        case "convert": return try converted(x())
        default: return nil
        }
    }

    private func answerReductions<Scalar: TensorNumber>(_ x: Tensor<Scalar>) throws -> Answer {
        let list = axes ?? []
        // The public calls take axes one by one.
        switch (operation, list.count) {
        case ("sum", 0): return Answer(try x.sum(keepingAxes: keeps))
        case ("sum", 1): return Answer(try x.sum(axes: list[0], keepingAxes: keeps))
        case ("sum", _): return Answer(try x.sum(axes: list[0], list[1], keepingAxes: keeps))
        case ("product", 0): return Answer(try x.product(keepingAxes: keeps))
        case ("product", 1): return Answer(try x.product(axes: list[0], keepingAxes: keeps))
        case ("product", _): return Answer(try x.product(axes: list[0], list[1], keepingAxes: keeps))
        case ("max", 0): return Answer(try x.max(keepingAxes: keeps))
        case ("max", 1): return Answer(try x.max(axes: list[0], keepingAxes: keeps))
        case ("max", _): return Answer(try x.max(axes: list[0], list[1], keepingAxes: keeps))
        case (_, 0): return Answer(try x.min(keepingAxes: keeps))
        case (_, 1): return Answer(try x.min(axes: list[0], keepingAxes: keeps))
        default: return Answer(try x.min(axes: list[0], list[1], keepingAxes: keeps))
        }
    }

    private func converted<Scalar: TensorNumber>(_ x: Tensor<Scalar>) throws -> Answer {
        switch type ?? "" {
        case "f4": Answer(try Tensor<Float>(x))
        case "f8": Answer(try Tensor<Double>(x))
        case "i1": Answer(try Tensor<Int8>(x))
        case "u1": Answer(try Tensor<UInt8>(x))
        case "i4": Answer(try Tensor<Int32>(x))
        case "i8": Answer(try Tensor<Int64>(x))
        default: throw ProbeError(line: "no type \(type ?? "")")
        }
    }

    /// Operations of fractions.
    private func answerFractions<Scalar: TensorFloat>(_ type: Scalar.Type) throws -> Answer? {
        func x() throws -> Tensor<Scalar> { try operands[0].tensor() }
        if let function = functions(Scalar.self)[operation] { return Answer(function(try x())) }
        switch operation {
        case "power": return Answer(try x().power(operands[1].tensor()))
        case "softmax": return Answer(try x().softmax(axis: axis ?? -1))
        case "logSoftmax": return Answer(try x().logSoftmax(axis: axis ?? -1))
        case "layerNormalized":
            return Answer(try x().layerNormalized(axis: axis ?? -1, epsilon: Scalar(number ?? 1e-3)))
        case "mean":
            let list = axes ?? []
            return Answer(
                list.isEmpty
                    ? try x().mean(keepingAxes: keeps)
                    : list.count == 1
                        ? try x().mean(axes: list[0], keepingAxes: keeps)
                        : try x().mean(axes: list[0], list[1], keepingAxes: keeps))
        case "variance":
            return Answer(try x().variance(axes: axis ?? -1, correction: Scalar(number ?? 0), keepingAxes: keeps))
        default: return nil
        }
    }

    private func functions<Scalar: TensorFloat>(
        _ type: Scalar.Type
    ) -> [String: (Tensor<Scalar>) -> Tensor<Scalar>] {
        [
            "exp": { $0.exp() }, "expm1": { $0.expm1() }, "log": { $0.log() }, "log1p": { $0.log1p() },
            "log2": { $0.log2() }, "log10": { $0.log10() }, "sqrt": { $0.squareRoot() },
            "reciprocal": { $0.reciprocal() }, "sin": { $0.sin() }, "cos": { $0.cos() }, "tan": { $0.tan() },
            "arcsin": { $0.asin() }, "arccos": { $0.acos() }, "arctan": { $0.atan() }, "sinh": { $0.sinh() },
            "cosh": { $0.cosh() }, "tanh": { $0.tanh() }, "sigmoid": { $0.sigmoid() }, "erf": { $0.erf() },
            "gelu": { $0.gelu() }, "geluTanh": { $0.gelu(approximate: true) }, "silu": { $0.silu() },
            "softplus": { $0.softplus() }, "elu": { $0.elu() }, "floor": { $0.floor() }, "ceil": { $0.ceil() },
            "rint": { $0.rounded() }, "trunc": { $0.truncated() },
        ]
    }

    private func answerBooleans() throws -> Answer {
        let x: Tensor<Bool> = try operands[0].tensor()
        switch operation {
        case "and": return Answer(x .& (try operands[1].tensor()))
        case "or": return Answer(x .| (try operands[1].tensor()))
        case "xor": return Answer(x .^ (try operands[1].tensor()))
        case "not": return Answer(.!x)
        case "all": return Answer(try x.all(axes: axis ?? -1, keepingAxes: keeps))
        case "any": return Answer(try x.any(axes: axis ?? -1, keepingAxes: keeps))
        case "convert": return Answer(Tensor<Float>(x))
        default: return try answerAny(Bool.self)
        }
    }
}
