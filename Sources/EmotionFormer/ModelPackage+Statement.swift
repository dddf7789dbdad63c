package import EmotionFormerCore
import EmotionFormerEngine
import EmotionFormerGraph
package import EmotionFormerModelFormat

extension ModelPackage {
    /// The same model with the types and shapes of all outputs stated, as shape inference and compilation find them.
    /// - Throws: why the model cannot be compiled.
    package func stating(limits: ModelLimits = ModelLimits()) throws(Fault) -> ModelPackage {
        let model = try Model(self, options: .init(limits: limits))
        let values = OutputReading.values(outputs)
        let hasDefaults = try? model.inputShapes()
        guard let shapes = hasDefaults else { return self }
        let types = try model.plan().outputTypes
        // An open axis of the input is followed by those axes of an output that change with it.
        var other: [ValueType]?
        if let time = main.flatMap({ main in clip.flatMap { ClipAxes(main.inputs[0], $0, isVector: false)?.time } }),
            main?.inputs[0].extents[time] == nil, shapes[0][time] > 2
        {
            var extents = shapes[0].extents
            extents[time] -= 1
            other = try Plan(
                program, inputShapes: [Shape(extents)], outputs: values, options: PlanOptions(limits: limits.values)
            ).outputTypes
        }
        let stated = outputs.map { output in
            var output = output
            guard let index = values.firstIndex(of: output.value) else { return output }
            let type = types[index]
            output.elementType = output.elementType ?? type.elementType
            let extents: [Int?] = type.shape.extents.enumerated().map { axis, extent in
                guard let other, other[index].shape.rank == type.shape.rank else { return extent }
                return other[index].shape[axis] == extent ? extent : nil
            }
            output.extents = output.extents ?? extents
            return output
        }
        var package = try ModelPackage(
            name: name, license: license, citation: citation, metadata: metadata, producer: producer, inputs: inputs,
            labels: labels, program: program, outputs: stated, selfTest: selfTest)
        package.sourceChecksum = sourceChecksum
        package.sourceVersion = sourceVersion
        package.signatures = signatures
        // The labels are checked against the outputs of a model of clips.
        if clip != nil { _ = try EmotionModel(package, options: .init(limits: limits)) }
        return package
    }
}
