package import EmotionFormerCore
import EmotionFormerFiles

/// What a pickled scikit-learn `StandardScaler` subtracts and divides by: one number for each feature.
package struct ScalerStatistics {
    let mean: [Double]
    let standardDeviation: [Double]

    /// - Throws: what `PickleReader` throws, so for any other scaler; `invalidValue` for one that was not fitted.
    package init(_ file: [UInt8]) throws(Fault) {
        let value: PickleValue
        let objects: [PickleObject]
        do throws(FileFormatError) {
            (value, objects) = try PickleReader.read(
                try Compression.decompressed(file, atMost: PickleReader.byteLimit))
        } catch {
            var fault = error.fault(malformed: .invalidValue)
            if fault.code == .unsupportedOperation {
                fault.expected = "a StandardScaler; or \(Parameter.mean) and \(Parameter.standardDeviation)"
            }
            throw fault
        }
        guard case .object(let index) = value, case .standardScaler = objects[index].kind else {
            throw Fault(
                .invalidValue, at: "", "the pickle holds no StandardScaler",
                expected: "one; or \(Parameter.mean) and \(Parameter.standardDeviation)")
        }
        let scaler = objects[index]
        let means = try ScalerStatistics.numbers(scaler["mean_"], "mean_", objects)
        let deviations = try ScalerStatistics.numbers(scaler["scale_"], "scale_", objects)
        guard let count = (means ?? deviations)?.count, count > 0 else {
            throw Fault(.invalidValue, at: "", "the StandardScaler was not fitted: it has neither mean_ nor scale_")
        }
        // scikit-learn keeps means that it does not use.
        mean = ScalerStatistics.isOff(scaler["with_mean"]) ? [] : means ?? []
        standardDeviation = ScalerStatistics.isOff(scaler["with_std"]) ? [] : deviations ?? []
        features = count
        guard [means, deviations].allSatisfy({ $0 == nil || $0?.count == count }) else {
            throw Fault(
                .shapeMismatch, at: "", "mean_ and scale_ are not as many numbers",
                found: "\(means?.count ?? 0) and \(deviations?.count ?? 0)")
        }
    }

    /// The number of features.
    private let features: Int

    /// Means and deviations as tensors: zeros and ones where the scaler has none.
    package func tensors(features expected: Int) throws(Fault) -> (mean: Tensor, standardDeviation: Tensor) {
        guard features == expected else {
            throw Fault(
                .shapeMismatch, at: "", "the scaler is not of the model's features", found: "\(features)",
                expected: "\(expected)")
        }
        func tensor(_ values: [Double], or other: Float) throws(Fault) -> Tensor {
            let numbers = values.isEmpty ? [Float](repeating: other, count: features) : values.map { Float($0) }
            return try Tensor(numbers, shape: Shape([features]))
        }
        return (try tensor(mean, or: 0), try tensor(standardDeviation, or: 1))
    }

    private static func isOff(_ value: PickleValue?) -> Bool {
        switch value {
        case .boolean(false)?, .integer(0)?: true
        default: false
        }
    }

    /// The numbers of an array; nil for None.
    private static func numbers(
        _ value: PickleValue?, _ name: String, _ objects: [PickleObject]
    ) throws(Fault) -> [Double]? {
        switch value {
        case nil, PickleValue.none?: return nil
        case .object(let index)?:
            guard case .array = objects[index].kind else { break }
            var numbers: [Double] = []
            for item in objects[index].items {
                switch item {
                case .number(let number) where Float(number).isFinite: numbers.append(number)
                case .integer(let number): numbers.append(Double(number))
                default:
                    throw Fault(.notFinite, at: "", "an element of the scaler's \(name) is no finite number")
                }
            }
            return numbers
        default: break
        }
        throw Fault(.invalidValue, at: "", "the scaler's \(name) is no array of numbers")
    }
}
