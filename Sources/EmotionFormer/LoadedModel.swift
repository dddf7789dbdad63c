import EmotionFormerCore
import EmotionFormerModelFormat

/// A model in the form that suits its inputs.
package enum LoadedModel {
    /// It takes one clip, or the features of one frame.
    case clips(EmotionModel)
    /// It takes other inputs.
    case tensors(Model)

    /// - Throws: what is wrong with the model, with file and field.
    package init(
        path: String, assets: String? = nil, signature: String? = nil, options: EmotionModel.Options
    ) throws(EmotionFormerError) {
        let contents = try publicly { () throws(Fault) in
            try options.limits.values.validate()
            return try ModelFile.read(
                path, assets: assets, signature: signature, includingSelfTest: false, limits: options.limits.values)
        }
        do throws(Fault) {
            self =
                contents.clip == nil
                ? .tensors(try Model(consume contents, options: options))
                : .clips(
                    try EmotionModel(
                        consume contents, options: options, source: .file(path: path, signature: signature)))
        } catch {
            throw EmotionFormerError(error.within(path))
        }
    }
}
