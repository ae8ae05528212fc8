"""The platform's error messages (pay reference 1.2, 2.4, 4.2, 9)."""

TEXTS = {
    "PARAM_ERROR": "参数错误",
    "INVALID_REQUEST": "无效请求",
    "APPID_MCHID_NOT_MATCH": "appid和mch_id不匹配",
    "MCH_NOT_EXISTS": "商户号不存在",
    "ORDER_CLOSED": "该订单已失效",
    "ORDER_PAID": "该订单已支付",
    "ORDER_NOT_EXIST": "订单不存在",
    "ORDER_REVERSED": "该订单已撤销",
    "AUTH_CODE_EXPIRE": "二维码已过期，请用户在微信上刷新后再试",
    "AUTH_CODE_INVALID": "请扫描微信支付被扫条码/二维码",
    "RESOURCE_NOT_EXISTS": "查询的资源不存在",
    "NO_AUTH": "商户无权限",
    "NOT_ENOUGH": "基本账户余额不足，请充值后重新发起",
    "USER_ACCOUNT_ABNORMAL": "用户账户异常",
    "FREQUENCY_LIMITED": "频率超限",
    "SYSTEM_ERROR": "系统错误",
    "NO_STATEMENT_EXIST": "账单文件不存在",
    "STATEMENT_CREATING": "账单生成中，请稍后再试",
}
HEADERS_MISSING = "Http头缺少Accept或User-Agent"
AUTHORIZATION_FORMAT = "Http头Authorization值格式错误，请参考《微信支付商户REST API签名规则》"
AUTHORIZATION_FORMAT_OF_ORDERS = "签名信息错误，验签失败"
AUTHORIZATION_TYPE = "HTTP头Authorization认证类型不正确"
TIMESTAMP = "Http头Authorization中的timestamp与发起请求的时间不得超过5分钟"
SERIAL = "商户证书序列号有误。请使用签名私钥匹配的证书序列号"
VOIDED = "商户证书已作废"
SIGNATURE = "错误的签名，导致验签失败"
OTHER_MERCHANT = "http header中的mchid与post payload中的mchid不匹配"
UNKNOWN_FIELDS = "请求中含有未在API文档中定义的参数"
NO_CERTIFICATE = (
    "无可用的平台证书，请在商户平台-API安全申请使用微信支付公钥。"
    "可查看指引https://pay.weixin.qq.com/docs/merchant/products/platform-certificate/wxp-pub-key-guide.html"
)
SERIAL_MISSING = "HTTP header缺少微信支付平台证书序列号(Wechatpay-Serial)"
SERIAL_OF_PLATFORM = "平台证书序列号Wechatpay-Serial错误"
OTHER_PARAMETERS = "请求重入时，参数与首次请求时不一致，请检查参数后再试"
NONCE_USED = "Http头Authorization中的nonce_str重复"
NOT_PAID = "订单未支付，不能退款"
OTHER_TOTAL = "订单金额或退款金额与之前请求不一致，请核实后再试"
TOO_LATE = "订单已超过可退款的最大期限"
TOO_MANY_REFUNDS = "退款次数超过限制"
MORE_THAN_PAID = "申请退款金额大于订单可退款金额"
NO_SUCH_RECORD = "记录不存在"
NOT_CANCELLABLE = "当前单据状态不支持撤销"
ADDRESS_EXISTS = "投诉通知回调地址已存在，请使用更新接口"
NO_ADDRESS = "未设置投诉通知回调地址"
NO_SUCH_COMPLAINT = "投诉单不存在"
COMPLAINT_OVER = "投诉单已处理完成"
ANSWER_FIRST = "请先回复用户后再处理完成"
NO_REFUND_COMPLAINT = "该投诉单不是申请退款类投诉"
NO_SUCH_ORDER = "订单不存在"
NO_SUCH_REFUND = "退款单不存在"
NOT_ABNORMAL = "退款单不是异常状态"
BAD_DATE = "账单日期格式不正确，或不在可下载的范围内"
LINK_OVER = "下载地址已失效，请重新申请账单"
NOT_SERVED = "特约子商户商户号未授权服务商的产品权限"
SUB_APPID = "sub_mch_id与sub_appid不匹配"
CLOSE_COMBINED = "合单支付订单只能使用合单关单接口关闭"
NOT_BOUND = "商品单商户号与合单商户appid没有绑定关系"
OTHER_SUB_ORDERS = "合单关单的商品单与下单时不一致"
SUB_ORDER_TWICE = "商品单商户订单号重复"
USER_PAYING = "需要用户输入支付密码"
USER_MONEY = "用户账号余额不足，请用户充值或更换支付卡后再支付"
NOT_BY_CODE = "该订单不是付款码支付订单，不支持撤销"
TOO_LATE_TO_REVERSE = "订单超过可撤销的最大期限"
NOT_SHARED = "非分账订单不支持分账"
SHARING_OVER = "分账订单已完结，剩余资金已解冻"
SHARE_TOO_LARGE = "分账金额不足"
RATIO_EXCEEDED = "分账金额超过最大分账比例"
TOO_MANY_SHARINGS = "分账次数超过限制"
NO_RECEIVER = "分账接收方关系不存在，请检查参数中每个接收方的关系"
NO_SUCH_RECEIVER = "分账接收方商户号不存在"
NO_SUCH_SHARING = "分账单不存在"
NO_SUCH_RETURN = "分账回退单不存在"
RETURN_TOO_LARGE = "回退金额超过可回退金额"
NO_RETURNS = "回退方没有开通分账回退功能"
